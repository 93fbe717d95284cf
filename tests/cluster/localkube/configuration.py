"""The configuration files that components read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from localkube.certificates import CLIENTS, render_kubeconfig
from localkube.packages import PLUGINS
from localkube.settings import DNS_SERVICE, NODE_ADDRESS, NODE_NAME, POD_RANGE, Place

PAUSE_IMAGE = "tenure.dev/pause:1"


def render_containerd(place: Place) -> str:
    """Return containerd's configuration; paths are JSON strings, which are TOML strings too."""
    quoted = json.dumps
    return f"""version = 2
root = {quoted(str(place.run / "containerd" / "root"))}
state = {quoted(str(place.run / "containerd" / "state"))}
oom_score = 0
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
]
[grpc]
  address = {quoted(str(place.containerd_socket))}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  # Without CAP_SYS_RESOURCE (a container, a sandbox) no score below our own can be set, and every pod would die of it.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  disable_tcp_service = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = {quoted(str(PLUGINS))}
    conf_dir = {quoted(str(place.settings / "network"))}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
"""


def render_network(place: Place) -> dict[str, Any]:
    """Return the pod network: a cable from each pod to the host, which routes.

    No bridge: on a bridge, the answer of a pod to its neighbour would pass by the translation of Service addresses
    where the kernel does not show bridged packets to iptables.
    """
    return {
        "cniVersion": "0.4.0",
        "name": place.name,
        "plugins": [
            {
                "type": "ptp",
                "ipMasq": False,
                "ipam": {
                    "type": "host-local",
                    "dataDir": str(place.run / "pod-addresses"),
                    "ranges": [[{"subnet": POD_RANGE}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            }
        ],
    }


def render_kubelet(place: Place) -> dict[str, Any]:
    folder = place.certificates
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        # Not the loopback address: the API server fetches logs and opens exec sessions at the address of the node.
        "address": NODE_ADDRESS,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(folder / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(folder / "kubelet-server.crt"),
        "tlsPrivateKeyFile": str(folder / "kubelet-server.key"),
        "containerRuntimeEndpoint": f"unix://{place.containerd_socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{place.name}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDomain": "cluster.local",
        "clusterDNS": [DNS_SERVICE],
        "resolvConf": str(place.settings / "resolv.conf"),
        "podLogsDir": str(place.pod_logs),
        "volumePluginDir": str(place.run / "kubelet" / "volume-plugins"),
        "healthzBindAddress": NODE_ADDRESS,
        "serializeImagePulls": False,
        "registryPullQPS": 0,
        "eventRecordQPS": 0,
        # Images are loaded by hand: collected garbage could not be pulled again.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "500Mi"},
        "nodeStatusUpdateFrequency": "5s",
        "shutdownGracePeriod": "0s",
        "shutdownGracePeriodCriticalPods": "0s",
    }


def render_proxy(place: Place) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "hostnameOverride": NODE_NAME,
        "clusterCIDR": POD_RANGE,
        "clientConnection": {"kubeconfig": str(place.kubeconfig_of("kube-proxy"))},
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "nodePortAddresses": ["127.0.0.0/8"],
        "healthzBindAddress": f"{NODE_ADDRESS}:10256",
        "metricsBindAddress": f"{NODE_ADDRESS}:10249",
        # A Service answers as soon as its pod is ready: tests wait for it many times.
        "iptables": {"minSyncPeriod": "100ms"},
    }


def render_corefile(place: Place) -> str:
    """Return the name server's configuration; names from outside go to the host's own name servers, if it has any."""
    servers = find_name_servers(Path("/etc/resolv.conf"))
    forward = f"    forward . {' '.join(servers)}\n" if servers else ""
    return f""".:53 {{
    bind {NODE_ADDRESS}
    errors
    ready {NODE_ADDRESS}:8181
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {place.kubeconfig_of("coredns")}
        ttl 5
        fallthrough in-addr.arpa ip6.arpa
    }}
{forward}    cache 5
}}
"""


def find_name_servers(file: Path) -> list[str]:
    if not file.exists():
        return []
    words = [line.split() for line in file.read_text().splitlines()]
    return [word[1] for word in words if len(word) > 1 and word[0] == "nameserver"][:3]


def write_all(place: Place) -> None:
    """Write every file a component reads."""
    network = place.settings / "network"
    network.mkdir(parents=True, exist_ok=True)
    for folder in (place.pod_logs, place.volumes, place.run / "kubelet" / "volume-plugins"):
        folder.mkdir(parents=True, exist_ok=True)
    place.volumes.chmod(0o755)
    (place.settings / "containerd.toml").write_text(render_containerd(place))
    (network / "10-tenure.conflist").write_text(json.dumps(render_network(place), indent=1))
    (place.settings / "kubelet.json").write_text(json.dumps(render_kubelet(place), indent=1))
    (place.settings / "kube-proxy.json").write_text(json.dumps(render_proxy(place), indent=1))
    (place.settings / "Corefile").write_text(render_corefile(place))
    # Pods ask the cluster's name server; what it hands on is its affair, not theirs.
    (place.settings / "resolv.conf").write_text(f"nameserver {NODE_ADDRESS}\n")
    for identity in CLIENTS:
        file = place.kubeconfig if identity == "admin" else place.kubeconfig_of(identity)
        file.touch(mode=0o600)
        if identity == "admin" and "SUDO_UID" in os.environ:
            # Only booting needs root, kubectl does not.
            os.chown(file, int(os.environ["SUDO_UID"]), -1)
        file.write_text(render_kubeconfig(place, identity))
