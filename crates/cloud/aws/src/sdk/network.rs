//! Calls on subnets, routes, security groups and their rules.

use aws_sdk_ec2::types::{Filter, IpPermission, IpRange, ResourceType, RouteState, RouteTable};
use teeproof_runtime::ProviderFailure;

use super::Api;
use super::calls::{MAX_PAGES, PAGE, endless, filter, pairs, tag_specification, there};
use super::error::failed;
use crate::call::Ec2Call;
use crate::facts::{Found, SubnetFacts};
use crate::firewall::Rule;
use crate::tags::{DescribedRule, Tags};

type Called<T> = Result<T, Box<ProviderFailure>>;

impl Api {
    /// A subnet, and with `with_routes` whether its routes lead to an internet gateway.
    pub(crate) async fn subnet(&self, id: &str, with_routes: bool) -> Called<Found<SubnetFacts>> {
        let sent = self.client.describe_subnets().subnet_ids(id).send().await;
        let Some(answer) = there(sent.map_err(|error| failed(Ec2Call::DescribeSubnets, error)))? else {
            return Ok(Found::Missing("InvalidSubnetID.NotFound".to_owned()));
        };
        let Some(subnet) = answer.subnets().first() else {
            return Ok(Found::Missing("none of this id".to_owned()));
        };
        let vpc = subnet.vpc_id().unwrap_or_default().to_owned();
        let free = subnet.available_ip_address_count().and_then(|count| u32::try_from(count).ok());
        let has_gateway = if with_routes { Some(self.has_gateway(id, &vpc).await?) } else { None };
        Ok(Found::There(SubnetFacts { vpc, free_addresses: free.unwrap_or(0), has_gateway }))
    }

    /// Whether the route table of a subnet, or else the main one of its VPC, has a default route to an internet gateway.
    async fn has_gateway(&self, subnet: &str, vpc: &str) -> Called<bool> {
        let own = self.route_tables(vec![filter("association.subnet-id", subnet)]).await?;
        if let Some(table) = own.first() {
            return Ok(leads_out(table));
        }
        let main = vec![filter("vpc-id", vpc), filter("association.main", "true")];
        Ok(self.route_tables(main).await?.first().is_some_and(leads_out))
    }

    async fn route_tables(&self, filters: Vec<Filter>) -> Called<Vec<RouteTable>> {
        let sent = self.client.describe_route_tables().set_filters(Some(filters)).send().await;
        let answer = sent.map_err(|error| failed(Ec2Call::DescribeRouteTables, error))?;
        Ok(answer.route_tables.unwrap_or_default())
    }

    /// The VPC of a security group.
    pub(crate) async fn group(&self, id: &str) -> Called<Found<String>> {
        let sent = self.client.describe_security_groups().group_ids(id).send().await;
        let answer = there(sent.map_err(|error| failed(Ec2Call::DescribeSecurityGroups, error)))?;
        let group = answer.as_ref().and_then(|answer| answer.security_groups().first());
        Ok(match group {
            Some(group) => Found::There(group.vpc_id().unwrap_or_default().to_owned()),
            None => Found::Missing("InvalidGroup.NotFound".to_owned()),
        })
    }

    /// The rules of a group.
    pub(crate) async fn rules_of_group(&self, group: &str) -> Called<Vec<DescribedRule>> {
        self.rules(filter("group-id", group)).await
    }

    /// The rules with a tag.
    pub(crate) async fn rules_with_tag(&self, tag: &str, value: &str) -> Called<Vec<DescribedRule>> {
        self.rules(filter(&format!("tag:{tag}"), value)).await
    }

    async fn rules(&self, filter: Filter) -> Called<Vec<DescribedRule>> {
        let call = Ec2Call::DescribeSecurityGroupRules;
        let mut all = Vec::new();
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let request = self.client.describe_security_group_rules().filters(filter.clone());
            let page = request.max_results(PAGE).set_next_token(token).send().await;
            let page = page.map_err(|error| failed(call, error))?;
            all.extend(page.security_group_rules().iter().map(|rule| DescribedRule {
                id: rule.security_group_rule_id().unwrap_or_default().to_owned(),
                group: rule.group_id().unwrap_or_default().to_owned(),
                is_ingress: rule.is_egress() != Some(true),
                protocol: rule.ip_protocol().unwrap_or_default().to_owned(),
                from_port: rule.from_port(),
                to_port: rule.to_port(),
                source: rule.cidr_ipv4().or_else(|| rule.cidr_ipv6()).map(str::to_owned),
                tags: pairs(rule.tags()),
            }));
            token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(endless(call))
    }

    /// Adds rules to a group, all of them or none.
    pub(crate) async fn add_rules(
        &self,
        group: &str,
        rules: &[&Rule],
        tags: &Tags,
        description: &str,
    ) -> Called<()> {
        let permissions = rules.iter().map(|rule| {
            let range = IpRange::builder().cidr_ip(rule.source.to_string()).description(description).build();
            let port = i32::from(rule.port);
            IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port).ip_ranges(range).build()
        });
        let request = self
            .client
            .authorize_security_group_ingress()
            .group_id(group)
            .set_ip_permissions(Some(permissions.collect()))
            .tag_specifications(tag_specification(ResourceType::SecurityGroupRule, tags));
        let sent = request.send().await;
        sent.map(drop).map_err(|error| failed(Ec2Call::AuthorizeSecurityGroupIngress, error))
    }

    /// Removes a rule; one that is gone, or whose group is, is no failure.
    pub(crate) async fn remove_rule(&self, group: &str, rule: &str) -> Called<()> {
        let request =
            self.client.revoke_security_group_ingress().group_id(group).security_group_rule_ids(rule);
        let sent = request.send().await.map_err(|error| failed(Ec2Call::RevokeSecurityGroupIngress, error));
        there(sent).map(drop)
    }
}

fn leads_out(table: &RouteTable) -> bool {
    table.routes().iter().any(|route| {
        let is_default = route.destination_cidr_block() == Some("0.0.0.0/0");
        let is_gateway = route.gateway_id().is_some_and(|gateway| gateway.starts_with("igw-"));
        is_default && is_gateway && route.state() != Some(&RouteState::Blackhole)
    })
}
