"""What `down` takes away, and what it leaves to others."""

from pathlib import Path

from localkube.mounts import find_mounts
from localkube.packet_rules import find_chains, find_jumps

MOUNTS = """\
/dev/vda / ext4 rw 0 0
overlay /run/c/containerd/rootfs overlay rw 0 0
tmpfs /run/c/containerd/rootfs/secret tmpfs rw 0 0
tmpfs /run/c/with\\040space tmpfs rw 0 0
tmpfs /run/c tmpfs rw 0 0
tmpfs /run/cc/other tmpfs rw 0 0
"""

RULES = """\
-P POSTROUTING ACCEPT
-N CNI-b7
-N KUBE-POSTROUTING
-N KUBE-SVC-1
-N TENURE-PODS
-A POSTROUTING -m comment --comment "kubernetes -j KUBE-postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -j TENURE-PODS
-A POSTROUTING -s 10.1.0.0/16 -j MASQUERADE
-A KUBE-SVC-1 -j KUBE-POSTROUTING
-A POSTROUTING -j CNI-b7
""".splitlines()


def test_mounts_below_the_folder_are_taken_last_mounted_first() -> None:
    assert find_mounts(MOUNTS, Path("/run/c")) == [
        "/run/c/with space",
        "/run/c/containerd/rootfs/secret",
        "/run/c/containerd/rootfs",
    ]


def test_chains_are_chosen_by_the_beginning_of_their_names() -> None:
    assert find_chains(RULES, ("KUBE-", "TENURE-PODS")) == ["KUBE-POSTROUTING", "KUBE-SVC-1", "TENURE-PODS"]


def test_only_jumps_in_other_peoples_chains_are_removed_one_by_one() -> None:
    found = [rule[-1] for rule in find_jumps(RULES, ("KUBE-", "TENURE-PODS"))]
    assert found == ["KUBE-POSTROUTING", "TENURE-PODS"]


def test_a_comment_is_one_word_when_its_rule_is_given_back_to_iptables() -> None:
    (rule, _) = find_jumps(RULES, ("KUBE-", "TENURE-PODS"))
    assert rule[rule.index("--comment") + 1] == "kubernetes -j KUBE-postrouting rules"
