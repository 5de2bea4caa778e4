"""Served by TLS from a certificate of our own, to who trusts its root and to nobody else."""

import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from guichet.host import tls
from tests.running import Running, open_folder, refused, within

FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}


def guichet(data: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "guichet.cli", *words, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def asked(
    running: Running, verify: "ssl.SSLContext | bool" = True, headers: dict[str, str] | None = None
) -> httpx.Response:
    scheme = "http" if verify is True else "https"
    url = f"{scheme}://127.0.0.1:{running.port}/health/live"
    return httpx.get(url, headers=headers, verify=verify, timeout=3)


def answers(running: Running, verify: "ssl.SSLContext | bool" = True) -> bool:
    try:
        return asked(running, verify).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """An installation that was started once, in clear, and ended."""
    with open_folder() as name:
        folder = name / "data"
        it = Running(folder)
        assert within(40, it.ready)
        heard = asked(it, headers=FORWARDED)
        assert "strict-transport-security" not in heard.headers  # nobody is believed by default
        it.stop()
        yield folder


def trusting(data: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(data / "tls" / "root.pem"))


def options(data: Path) -> list[str]:
    folder = data / "tls"
    pair = ["--tls-cert", str(folder / "server.pem"), "--tls-key", str(folder / "server.key")]
    return ["--no-demo", *pair]


def test_a_trial_certificate_serves_who_trusts_its_root_and_is_renewed(data: Path) -> None:
    made = guichet(data, "tls", "self-signed", "--host", "127.0.0.1", "--host", "guichet.test")
    assert made.returncode == 0, made.stderr
    root = x509.load_pem_x509_certificate((data / "tls" / "root.pem").read_bytes())
    assert root.fingerprint(hashes.SHA256()).hex(":").upper() in made.stdout
    for name in ("root.key", "server.key"):
        assert (data / "tls" / name).stat().st_mode & 0o077 == 0
    it = Running(data, *options(data))
    trust = trusting(data)
    assert within(40, lambda: answers(it, trust)), it.process.communicate(timeout=5)
    assert it.process.stdout is not None
    assert "https://127.0.0.1" in it.process.stdout.readline()  # its own health check went on
    assert "max-age" in asked(it, trust).headers["strict-transport-security"]
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        asked(it, ssl.create_default_context())
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(httpx.ConnectError):
        asked(it, old)
    served = ssl.get_server_certificate(("127.0.0.1", it.port))
    assert guichet(data, "tls", "self-signed", "--host", "127.0.0.1").returncode == 0
    assert within(15, lambda: ssl.get_server_certificate(("127.0.0.1", it.port)) != served)
    assert asked(it, trust).status_code == 200  # by the same root
    it.stop()


def test_a_later_start_goes_on_by_tls_and_may_go_back(data: Path) -> None:
    assert guichet(data, "tls", "self-signed", "--host", "127.0.0.1").returncode == 0
    ways: list[tuple[list[str], ssl.SSLContext | bool]] = [
        (options(data), trusting(data)),
        (["--no-demo"], trusting(data)),
        (["--no-demo", "--tls-cert", "", "--tls-key", ""], True),
    ]
    for words, verify in ways:
        it = Running(data, *words)
        assert within(40, partial(answers, it, verify)), words
        it.stop()


def test_a_named_proxy_is_believed(data: Path) -> None:
    plain = ["--no-demo", "--tls-cert", "", "--tls-key", ""]
    it = Running(data, *plain, env={"GUICHET_TRUSTED_PROXY": "127.0.0.1"})
    assert within(40, it.ready)
    assert "strict-transport-security" in asked(it, headers=FORWARDED).headers
    assert "strict-transport-security" not in asked(it).headers
    it.stop()
    it = Running(data, *plain, "--trusted-proxy", "192.0.2.1")
    assert within(40, it.ready)
    assert "strict-transport-security" not in asked(it, headers=FORWARDED).headers
    it.stop()


def test_a_pair_that_will_not_do_is_one_sentence(tmp_path: Path) -> None:
    root, key = tls.the_root(tmp_path, "ville")
    tls.renew(tmp_path, root, key, ["localhost"])
    cert, own = tmp_path / "server.pem", tmp_path / "server.key"
    tls.check(str(cert), str(own))
    with pytest.raises(tls.Unusable, match="ne va pas avec"):
        tls.check(str(cert), str(tmp_path / "root.key"))
    with pytest.raises(tls.Unusable, match="vont ensemble"):
        tls.check(str(cert), "")
    other = ec.generate_private_key(ec.SECP256R1())
    ended = (
        x509.CertificateBuilder()
        .subject_name(tls.named("localhost"))
        .issuer_name(tls.named("localhost"))
        .public_key(other.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2021, 1, 1, tzinfo=UTC))
        .sign(other, hashes.SHA256())
    )
    tls.write_key(own, other)
    cert.write_bytes(ended.public_bytes(tls.PEM))
    with open_folder() as name:
        pair = ["--tls-cert", str(cert), "--tls-key", str(own)]
        assert "a expiré le 01/01/2021" in refused(name / "data", *pair)
        assert list(name.iterdir()) == []
