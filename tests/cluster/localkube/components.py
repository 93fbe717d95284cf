"""The processes of a cluster in the order they start, and how to tell that each one answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from localkube.packages import find_program
from localkube.settings import (
    API_SERVER,
    ETCD,
    NODE_ADDRESS,
    NODE_NAME,
    POD_RANGE,
    SERVICE_RANGE,
    Place,
)
from localkube.tools import find_binary

MODULES = ("kubernetes", "etcd", "coredns", "storage", "pause")


@dataclass(frozen=True)
class Component:
    """One process: where its program comes from, its arguments, and the address that says `ok` when it works."""

    name: str
    program: Callable[[], Path]
    arguments: tuple[str, ...]
    health: str | None = None


def _kubernetes(name: str) -> Callable[[], Path]:
    return lambda: find_binary("kubernetes", name)


def control_plane(place: Place) -> list[Component]:
    """Return what keeps the cluster's intentions."""
    certificates = place.certificates
    service_accounts = certificates / "service-accounts.key"
    return [
        Component(
            "etcd",
            lambda: find_binary("etcd", "server"),
            (
                f"--data-dir={place.run / 'etcd'}",
                f"--listen-client-urls={ETCD}",
                f"--advertise-client-urls={ETCD}",
                f"--listen-peer-urls=http://{NODE_ADDRESS}:2380",
                f"--initial-advertise-peer-urls=http://{NODE_ADDRESS}:2380",
                f"--initial-cluster=default=http://{NODE_ADDRESS}:2380",
                # A test cluster does not outlive its machine: not waiting for the disk makes every write fast.
                "--unsafe-no-fsync",
                "--log-level=warn",
            ),
            f"{ETCD}/health",
        ),
        Component(
            "kube-apiserver",
            _kubernetes("kube-apiserver"),
            (
                f"--etcd-servers={ETCD}",
                f"--bind-address={NODE_ADDRESS}",
                f"--advertise-address={NODE_ADDRESS}",
                "--secure-port=6443",
                f"--service-cluster-ip-range={SERVICE_RANGE}",
                "--authorization-mode=Node,RBAC",
                "--enable-admission-plugins=NodeRestriction",
                "--allow-privileged=true",
                f"--client-ca-file={certificates / 'ca.crt'}",
                f"--tls-cert-file={certificates / 'kube-apiserver.crt'}",
                f"--tls-private-key-file={certificates / 'kube-apiserver.key'}",
                f"--kubelet-certificate-authority={certificates / 'ca.crt'}",
                f"--kubelet-client-certificate={certificates / 'kube-apiserver-to-kubelet.crt'}",
                f"--kubelet-client-key={certificates / 'kube-apiserver-to-kubelet.key'}",
                "--kubelet-preferred-address-types=InternalIP",
                "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
                f"--service-account-key-file={certificates / 'service-accounts.pub'}",
                f"--service-account-signing-key-file={service_accounts}",
            ),
            f"{API_SERVER}/readyz",
        ),
        Component(
            "kube-controller-manager",
            _kubernetes("kube-controller-manager"),
            (
                f"--kubeconfig={place.kubeconfig_of('kube-controller-manager')}",
                f"--authentication-kubeconfig={place.kubeconfig_of('kube-controller-manager')}",
                f"--authorization-kubeconfig={place.kubeconfig_of('kube-controller-manager')}",
                f"--bind-address={NODE_ADDRESS}",
                "--leader-elect=false",
                "--use-service-account-credentials",
                f"--service-account-private-key-file={service_accounts}",
                f"--root-ca-file={certificates / 'ca.crt'}",
                f"--cluster-signing-cert-file={certificates / 'ca.crt'}",
                f"--cluster-signing-key-file={certificates / 'ca.key'}",
                "--allocate-node-cidrs=true",
                f"--cluster-cidr={POD_RANGE}",
                "--node-cidr-mask-size=24",
                f"--service-cluster-ip-range={SERVICE_RANGE}",
            ),
            f"https://{NODE_ADDRESS}:10257/healthz",
        ),
        Component(
            "kube-scheduler",
            _kubernetes("kube-scheduler"),
            (
                f"--kubeconfig={place.kubeconfig_of('kube-scheduler')}",
                f"--authentication-kubeconfig={place.kubeconfig_of('kube-scheduler')}",
                f"--authorization-kubeconfig={place.kubeconfig_of('kube-scheduler')}",
                f"--bind-address={NODE_ADDRESS}",
                "--leader-elect=false",
            ),
            f"https://{NODE_ADDRESS}:10259/healthz",
        ),
    ]


def node(place: Place) -> list[Component]:
    """Return what runs pods and connects them."""
    return [
        Component(
            "containerd", lambda: find_program("containerd"), (f"--config={place.settings / 'containerd.toml'}",)
        ),
        Component(
            "kubelet",
            _kubernetes("kubelet"),
            (
                f"--config={place.settings / 'kubelet.json'}",
                f"--kubeconfig={place.kubeconfig_of('kubelet')}",
                f"--root-dir={place.run / 'kubelet'}",
                f"--cert-dir={place.certificates}",
                f"--hostname-override={NODE_NAME}",
                f"--node-ip={NODE_ADDRESS}",
            ),
            f"http://{NODE_ADDRESS}:10248/healthz",
        ),
        Component(
            "kube-proxy",
            _kubernetes("kube-proxy"),
            (f"--config={place.settings / 'kube-proxy.json'}",),
            f"http://{NODE_ADDRESS}:10256/livez",
        ),
        Component(
            "coredns",
            lambda: find_binary("coredns"),
            (f"-conf={place.settings / 'Corefile'}",),
            f"http://{NODE_ADDRESS}:8181/ready",
        ),
        Component(
            "storage",
            lambda: find_binary("storage"),
            (
                f"-kubeconfig={place.kubeconfig_of('storage')}",
                f"-node={NODE_NAME}",
                f"-root={place.volumes}",
            ),
        ),
    ]


def all_components(place: Place) -> list[Component]:
    return control_plane(place) + node(place)
