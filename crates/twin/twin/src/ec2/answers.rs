//! Changes to moto's answers: enclave options and loopback addresses in instances, and no instances that are hidden.

use std::net::Ipv4Addr;

use base64ct::{Base64, Encoding as _};

use super::instances::Instances;
use super::xml::Element;

/// The namespace of answers.
const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";
/// Elements with addresses and names of hosts. moto invents them, and somebody else may have them.
const ADDRESSES: [&str; 6] =
    ["privateIpAddress", "ipAddress", "publicIp", "privateDnsName", "dnsName", "publicDnsName"];
const IPV6: [&str; 2] = ["ipv6Address", "ipv6AddressesSet"];

/// Changes the answer of an action, if it has anything to change.
pub(super) fn rewrite(action: &str, root: &mut Element, instances: &mut Instances) {
    match action {
        "RunInstances" => {
            root.items_mut("instancesSet").for_each(|instance| describe(instance, instances));
        }
        "DescribeInstances" => {
            for reservation in root.items_mut("reservationSet") {
                drop_hidden(reservation, "instancesSet", "instanceId", instances);
                reservation.items_mut("instancesSet").for_each(|instance| describe(instance, instances));
            }
            if let Some(reservations) = root.child_mut("reservationSet") {
                reservations.children.retain(|each| each.items("instancesSet").next().is_some());
            }
        }
        "DescribeInstanceStatus" => drop_hidden(root, "instanceStatusSet", "instanceId", instances),
        "DescribeTags" => drop_hidden(root, "tagSet", "resourceId", instances),
        "GetConsoleOutput" => {
            let id = root.child_text("instanceId").unwrap_or_default();
            let text = instances.console_output(id).unwrap_or_default();
            let output = Element::with_text("output", &Base64::encode_string(text.as_bytes()));
            root.set(output);
        }
        _ => {}
    }
}

/// Whether an action's answers are changed at all.
pub(super) fn is_rewritten(action: &str) -> bool {
    ["RunInstances", "DescribeInstances", "DescribeInstanceStatus", "DescribeTags", "GetConsoleOutput"]
        .contains(&action)
}

/// Removes the items of a list that name a hidden instance.
fn drop_hidden(parent: &mut Element, list: &str, member: &str, instances: &Instances) {
    if let Some(list) = parent.child_mut(list) {
        list.children.retain(|item| !item.child_text(member).is_some_and(|id| instances.is_hidden(id)));
    }
}

/// Puts what the twin keeps into an instance.
fn describe(instance: &mut Element, instances: &mut Instances) {
    let id = instance.child_text("instanceId").unwrap_or_default().to_owned();
    instance.set(enclave_options(instances.is_enclave_enabled(&id)));
    set_addresses(instance, instances.address(&id));
    let is_terminated =
        instance.child("instanceState").and_then(|state| state.child_text("name")) == Some("terminated");
    if let Some((code, message)) = instances.reason(&id).filter(|_| is_terminated) {
        let reason = Element::named("stateReason").and(Element::with_text("code", code));
        instance.set(reason.and(Element::with_text("message", message)));
        instance.set(Element::with_text("reason", code));
    }
}

/// Replaces addresses and names of hosts where there are some. Depth is that of a parsed document.
fn set_addresses(element: &mut Element, address: Ipv4Addr) {
    element.children.retain(|child| !IPV6.contains(&child.name.as_str()));
    for child in &mut element.children {
        if ADDRESSES.contains(&child.name.as_str()) && !child.text.is_empty() {
            child.text = address.to_string();
        }
        set_addresses(child, address);
    }
}

fn enclave_options(is_enabled: bool) -> Element {
    Element::named("enclaveOptions").and(Element::with_text("enabled", boolean(is_enabled)))
}

const fn boolean(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// An answer without members.
fn answer(action: &str, request_id: &str) -> Element {
    Element::response(&format!("{action}Response"), NAMESPACE)
        .and(Element::with_text("requestId", request_id))
}

/// The answer of DescribeInstanceAttribute for `enclaveOptions`.
pub(super) fn enclave_attribute(request_id: &str, instance: &str, is_enabled: bool) -> Element {
    answer("DescribeInstanceAttribute", request_id)
        .and(Element::with_text("instanceId", instance))
        .and(enclave_options(is_enabled))
}

/// The answer of ModifyInstanceAttribute.
pub(super) fn modified(request_id: &str) -> Element {
    answer("ModifyInstanceAttribute", request_id).and(Element::with_text("return", "true"))
}

/// The answer of RunInstances with the reservation of an answer of DescribeInstances.
pub(super) fn launched(request_id: &str, described: &Element) -> Option<Element> {
    let reservation = described.items("reservationSet").next()?;
    let mut root = answer("RunInstances", request_id);
    root.children.extend(reservation.children.iter().cloned());
    Some(root)
}

/// The ids of the instances of a launch.
pub(super) fn ids(root: &Element) -> Vec<String> {
    root.items("instancesSet").filter_map(|item| item.child_text("instanceId")).map(str::to_owned).collect()
}

/// The states of the instances of an answer of DescribeInstances.
pub(super) fn states(root: &Element) -> impl Iterator<Item = &str> {
    let instances = root.items("reservationSet").flat_map(|reservation| reservation.items("instancesSet"));
    instances.filter_map(|instance| instance.child("instanceState")?.child_text("name"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

    use std::time::Duration;

    use super::*;

    const DESCRIBED: &str = "<DescribeInstancesResponse><reservationSet><item><reservationId>r-1</reservationId>\
        <instancesSet><item><instanceId>i-1</instanceId><instanceState><name>running</name></instanceState>\
        <privateIpAddress>10.0.0.1</privateIpAddress><ipAddress>54.1.2.3</ipAddress><dnsName/>\
        <networkInterfaceSet><item><association><publicIp>54.1.2.3</publicIp></association>\
        <ipv6AddressesSet><item><ipv6Address>2a05::1</ipv6Address></item></ipv6AddressesSet></item></networkInterfaceSet>\
        </item></instancesSet></item></reservationSet></DescribeInstancesResponse>";

    fn rewritten(instances: &mut Instances) -> Element {
        let mut root = Element::parse(DESCRIBED.as_bytes()).unwrap();
        rewrite("DescribeInstances", &mut root, instances);
        root
    }

    #[test]
    fn an_instance_has_enclave_options_and_loopback_addresses_alone() {
        let mut instances = Instances::new([127, 0, 0, 9].into(), Duration::ZERO, None);
        instances.launch("i-1", true);
        let text = String::from_utf8(rewritten(&mut instances).to_document()).unwrap();
        assert!(text.contains("<enclaveOptions><enabled>true</enabled></enclaveOptions>"), "{text}");
        assert_eq!(text.matches("127.0.0.9").count(), 3);
        assert!(!text.contains("54.1.2.3") && !text.contains("10.0.0.1") && !text.contains("2a05"), "{text}");
        assert!(text.contains("<dnsName/>"));
    }

    #[test]
    fn hidden_instances_are_in_no_list() {
        let mut instances = Instances::new([127, 0, 0, 9].into(), Duration::from_secs(600), None);
        instances.launch("i-1", true);
        assert_eq!(rewritten(&mut instances).items("reservationSet").count(), 0);
    }

    #[test]
    fn a_repeated_launch_is_answered_with_the_reservation() {
        let mut instances = Instances::new([127, 0, 0, 9].into(), Duration::ZERO, None);
        let described = rewritten(&mut instances);
        assert_eq!(states(&described).collect::<Vec<_>>(), ["running"]);
        let root = launched("r", &described).unwrap();
        assert_eq!((root.name.as_str(), ids(&root)), ("RunInstancesResponse", vec!["i-1".to_owned()]));
        assert_eq!(launched("r", &Element::named("x")), None);
    }

    /// Cut anywhere, or with another byte anywhere: an error, or another document.
    #[test]
    fn damaged_answers_never_panic() {
        let mut instances = Instances::new([127, 0, 0, 9].into(), Duration::ZERO, None);
        let mut parsed = 0_usize;
        let mut take = |bytes: &[u8]| {
            let Ok(mut root) = Element::parse(bytes) else { return };
            for action in ["RunInstances", "DescribeInstances", "DescribeTags", "GetConsoleOutput"] {
                rewrite(action, &mut root, &mut instances);
            }
            assert!(Element::parse(&root.to_document()).is_ok());
            parsed += 1;
        };
        for at in 0..DESCRIBED.len() {
            take(&DESCRIBED.as_bytes()[..at]);
            for byte in *b"<>/&;\"' \0\xff!" {
                let mut bytes = DESCRIBED.as_bytes().to_vec();
                bytes[at] = byte;
                take(&bytes);
            }
        }
        assert!(parsed > 100, "{parsed}");
    }
}
