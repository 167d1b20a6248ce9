"""Who may open a connection to whom: the network policies, read as the cluster reads them."""

from ipaddress import ip_address, ip_network

import pytest

from tests.unit.deployment.manifests import OBJECT_STORE_USERS, WORKERS, Object, pod_template

COMPONENTS = (*WORKERS, "api", "web", "migrate", "tick")
STRANGERS = ("8.8.8.8", "1.1.1.1", "151.101.1.140")
METADATA = ("169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192")
PRIVATE = ("10.1.2.3", "172.16.9.9", "172.31.255.254", "192.168.0.10")
NOT_PUBLIC = (*METADATA, *PRIVATE, "127.0.0.1", "0.0.0.0", "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255")


@pytest.fixture(scope="module")
def policies(objects: list[Object]) -> list[Object]:
    return [one["spec"] for one in objects if one["kind"] == "NetworkPolicy"]


def _labels(component: str) -> dict[str, str]:
    return {"app.kubernetes.io/part-of": "punkcast", "app.kubernetes.io/component": component}


def _selects(selector: Object, labels: dict[str, str]) -> bool:
    chosen = selector.get("matchLabels", {}).items() <= labels.items()
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] in ("In", "NotIn")
        chosen &= (labels.get(rule["key"]) in rule["values"]) == (rule["operator"] == "In")
    return chosen


def _rules(policies: list[Object], component: str, direction: str) -> list[Object]:
    """All rules for a component. Without any policy of that direction, everything would be open."""
    chosen = [one for one in policies if _selects(one["podSelector"], _labels(component))]
    assert any(direction.capitalize() in one["policyTypes"] for one in chosen)
    return [rule for one in chosen for rule in one.get(direction, [])]


def _opens(rule: Object, port: int | str, protocol: str = "TCP") -> bool:
    ports = rule.get("ports")
    return ports is None or any(
        one.get("protocol", "TCP") == protocol and one.get("port", port) == port for one in ports
    )


def reaches(policies: list[Object], component: str, address: str, port: int) -> bool:
    """Whether a pod may open a connection to an address outside the cluster."""
    where = ip_address(address)
    return any(
        where in ip_network(block["cidr"]) and not any(where in ip_network(hole) for hole in block.get("except", []))
        for rule in _rules(policies, component, "egress")
        if _opens(rule, port)
        for block in (peer["ipBlock"] for peer in rule["to"] if "ipBlock" in peer)
    )


def admitted(policies: list[Object], component: str, port: str) -> list[Object]:
    """The peers that may open a connection to a port of a pod."""
    return [peer for rule in _rules(policies, component, "ingress") if _opens(rule, port) for peer in rule["from"]]


def test_every_pod_of_ours_is_under_the_policies(objects: list[Object], own_pods: dict[str, Object]) -> None:
    components = {template["metadata"]["labels"]["app.kubernetes.io/component"] for template in own_pods.values()}
    assert components == set(COMPONENTS)
    assert all(pod_template(one) is None or one["metadata"]["name"] for one in objects)


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("port", [22, 80, 443, 8080, 8443])
def test_no_pod_reaches_a_metadata_service(policies: list[Object], component: str, port: int) -> None:
    assert not [address for address in METADATA if reaches(policies, component, address, port)]


def test_the_notifier_alone_reaches_strangers_and_the_ingestor_its_nodes(policies: list[Object]) -> None:
    for component in COMPONENTS:
        for address in STRANGERS:
            assert reaches(policies, component, address, 443) == (component in {"notifier", "ingestor"})
            assert reaches(policies, component, address, 8443) == (component == "notifier")
            assert reaches(policies, component, address, 25) == (component == "notifier")


def test_the_notifier_reaches_no_private_address_but_its_database_and_broker(policies: list[Object]) -> None:
    for port in (22, 80, 443, 6379, 8333, 15672):
        assert not [address for address in NOT_PUBLIC if reaches(policies, "notifier", address, port)]


def test_a_component_reaches_only_the_servers_that_it_uses(policies: list[Object]) -> None:
    for port, users in (
        (5432, {*WORKERS, "api", "migrate", "tick"}),
        (5672, {*WORKERS, "tick"}),
        (5671, {*WORKERS, "tick"}),
        (8333, OBJECT_STORE_USERS | {"migrate"}),
    ):
        assert {one for one in COMPONENTS if reaches(policies, one, "10.1.2.3", port)} == users


def test_the_gateway_is_entered_from_site_ingress_and_metrics_alone(policies: list[Object]) -> None:
    assert admitted(policies, "api", "http") == [
        {"podSelector": {"matchLabels": {"app.kubernetes.io/component": "web"}}},
        {"namespaceSelector": {"matchLabels": {"punkcast/ingress": "true"}}},
        {"namespaceSelector": {"matchLabels": {"punkcast/metrics": "true"}}},
    ]


def test_a_worker_is_entered_for_metrics_alone(policies: list[Object]) -> None:
    for component in WORKERS:
        assert admitted(policies, component, "probes") == [
            {"namespaceSelector": {"matchLabels": {"punkcast/metrics": "true"}}}
        ]
        assert admitted(policies, component, "http") == []


def test_the_site_opens_connections_to_the_gateway_alone(policies: list[Object]) -> None:
    peers = [rule for rule in _rules(policies, "web", "egress") if not _opens(rule, 53, "UDP")]
    assert peers == [
        {"to": [{"podSelector": {"matchLabels": {"app.kubernetes.io/component": "api"}}}], "ports": [{"port": "http"}]}
    ]
