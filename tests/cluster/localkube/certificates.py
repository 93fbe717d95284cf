"""The cluster's own certificate authority and everybody's certificate."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from localkube.console import read_output
from localkube.settings import API_SERVER, KUBERNETES_SERVICE, NODE_ADDRESS, NODE_NAME, Place


@dataclass(frozen=True)
class Identity:
    """Who a certificate speaks for: subject, and the names a server answers to."""

    name: str
    subject: str
    hosts: tuple[str, ...] = ()


IDENTITIES = (
    Identity(
        "kube-apiserver",
        "/CN=kube-apiserver",
        (
            "DNS:kubernetes",
            "DNS:kubernetes.default",
            "DNS:kubernetes.default.svc",
            "DNS:kubernetes.default.svc.cluster.local",
            "DNS:localhost",
            "IP:127.0.0.1",
            f"IP:{NODE_ADDRESS}",
            f"IP:{KUBERNETES_SERVICE}",
        ),
    ),
    Identity("kubelet-server", f"/CN={NODE_NAME}", (f"DNS:{NODE_NAME}", f"IP:{NODE_ADDRESS}")),
    Identity("kube-apiserver-to-kubelet", "/O=system:masters/CN=kube-apiserver-to-kubelet"),
    Identity("admin", "/O=system:masters/CN=admin"),
    Identity("kube-controller-manager", "/CN=system:kube-controller-manager"),
    Identity("kube-scheduler", "/CN=system:kube-scheduler"),
    Identity("kubelet", f"/O=system:nodes/CN=system:node:{NODE_NAME}"),
    Identity("kube-proxy", "/CN=system:kube-proxy"),
    Identity("coredns", "/CN=tenure:coredns"),
    Identity("storage", "/CN=tenure:storage"),
)
CLIENTS = ("admin", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns", "storage")


def create_all(place: Place) -> None:
    """Make the authority, the service account key and every certificate."""
    folder = place.certificates
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / "ca.key")
    _openssl(
        *("req", "-x509", "-new", "-key", folder / "ca.key", "-out", folder / "ca.crt", "-days", "3650"),
        *("-subj", "/CN=tenure-cluster", "-addext", "keyUsage=critical,digitalSignature,keyCertSign,cRLSign"),
    )
    service_accounts = folder / "service-accounts.key"
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", service_accounts)
    _openssl("ec", "-in", service_accounts, "-pubout", "-out", folder / "service-accounts.pub")
    for identity in IDENTITIES:
        _issue(folder, identity)


def _issue(folder: Path, identity: Identity) -> None:
    key, request = folder / f"{identity.name}.key", folder / f"{identity.name}.csr"
    certificate, extensions = folder / f"{identity.name}.crt", folder / f"{identity.name}.ext"
    usage = "serverAuth" if identity.hosts else "clientAuth"
    lines = [
        "basicConstraints=CA:FALSE",
        "keyUsage=critical,digitalSignature,keyEncipherment",
        f"extendedKeyUsage={usage}",
    ]
    if identity.hosts:
        lines.append(f"subjectAltName={','.join(identity.hosts)}")
    extensions.write_text("\n".join(lines) + "\n")
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    _openssl("req", "-new", "-key", key, "-out", request, "-subj", identity.subject)
    _openssl(
        *("x509", "-req", "-in", request, "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key", "-CAcreateserial"),
        *("-out", certificate, "-days", "3650", "-extfile", extensions),
    )
    request.unlink()
    extensions.unlink()


def _openssl(*arguments: str | Path) -> None:
    read_output(["openssl", *arguments])


def render_kubeconfig(place: Place, identity: str) -> str:
    """Return a kubeconfig that carries its certificates inside, so that it can be copied."""
    folder = place.certificates
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": place.name,
            "clusters": [
                {
                    "name": place.name,
                    "cluster": {"server": API_SERVER, "certificate-authority-data": _encoded(folder / "ca.crt")},
                }
            ],
            "users": [
                {
                    "name": identity,
                    "user": {
                        "client-certificate-data": _encoded(folder / f"{identity}.crt"),
                        "client-key-data": _encoded(folder / f"{identity}.key"),
                    },
                }
            ],
            "contexts": [{"name": place.name, "context": {"cluster": place.name, "user": identity}}],
        },
        indent=1,
    )


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
