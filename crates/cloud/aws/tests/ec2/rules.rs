//! Rules of a security group: added for a public address, tagged, found by their tags, removed.

use teeproof_runtime::{DeploymentId, FailureClass, Launch, Provider as _, Reach};

use crate::life::{ec2, request};
use crate::proxy::Proxy;
use crate::server::{element, query, with_moto};

#[test]
fn ports_are_open_for_as_long_as_their_deployment_lives() {
    with_moto("rules::ports_are_open_for_as_long_as_their_deployment_lives", rules);
}

async fn rules(proxy: Proxy) {
    let server = proxy.server;
    let (subnet, group) = tokio::task::spawn_blocking(move || public_subnet(server)).await.unwrap();
    let ec2 = ec2(&[("AWS_NITRO_SUBNET_ID", &subnet), ("AWS_NITRO_SECURITY_GROUP_ID", &group)]).await;
    let mut request = request();
    request.reach = Reach::Public { source: "203.0.113.0/24".parse().unwrap() };
    request.ports = vec![8443];
    let plan = ec2.plan(&request).await.unwrap().unwrap();
    assert!(plan.permissions.to_string().contains("AuthorizeSecurityGroupIngress"));

    let id = DeploymentId::generate().unwrap();
    let launch = Launch { id: &id, request: &request, created: 1_790_000_000 };
    let machine = ec2.launch(&launch).await.unwrap();
    assert!(
        machine.public_address.is_some()
            || ec2.machine(&machine.id).await.unwrap().unwrap().public_address.is_some()
    );
    let mine = |all: Vec<teeproof_runtime::Belonging>| {
        all.into_iter().filter(|one| one.deployment == id).collect::<Vec<_>>()
    };
    let belongings = mine(ec2.belongings(&request.owner).await.unwrap());
    assert_eq!(belongings.len(), 3, "{belongings:?}");

    // A repetition finds its own rules, and another deployment those of this one.
    proxy.take();
    ec2.launch(&launch).await.unwrap();
    assert!(!proxy.actions().contains("AuthorizeSecurityGroupIngress"));
    let problems = ec2.plan(&request).await.unwrap().unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:?}");
    let other = DeploymentId::generate().unwrap();
    let refused =
        ec2.launch(&Launch { id: &other, request: &request, created: 1_790_000_000 }).await.unwrap_err();
    assert_eq!(refused.class, FailureClass::Invalid);

    for belonging in &belongings {
        ec2.remove(belonging).await.unwrap();
    }
    assert!(mine(ec2.belongings(&request.owner).await.unwrap()).is_empty());
    ec2.remove(&belongings[0]).await.unwrap();
}

/// A subnet with a route to an internet gateway, and a group of its VPC.
fn public_subnet(server: std::net::SocketAddr) -> (String, String) {
    let vpc = element(&query(server, "Action=CreateVpc&CidrBlock=10.9.0.0%2F16"), "vpcId");
    let subnet = query(server, &format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.9.1.0%2F24"));
    let subnet = element(&subnet, "subnetId");
    let gateway = element(&query(server, "Action=CreateInternetGateway"), "internetGatewayId");
    query(server, &format!("Action=AttachInternetGateway&VpcId={vpc}&InternetGatewayId={gateway}"));
    let tables =
        query(server, &format!("Action=DescribeRouteTables&Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}"));
    let table = element(&tables, "routeTableId");
    let route = format!("RouteTableId={table}&GatewayId={gateway}&DestinationCidrBlock=0.0.0.0%2F0");
    query(server, &format!("Action=CreateRoute&{route}"));
    let group = format!("Action=CreateSecurityGroup&GroupName=parent&GroupDescription=parent&VpcId={vpc}");
    (subnet, element(&query(server, &group), "groupId"))
}
