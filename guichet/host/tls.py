"""Certificates: a root and a server's for a first trial, and what is wrong with those we are given.

A service worker, without which no tablet works offline, runs only on a page served by TLS.
"""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import gethostname

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from guichet.host.installation import write_private
from guichet.sentences import Sentence
from guichet.settings import Settings

SERVER_DAYS = 365
ROOT_DAYS = 3650
NONE = serialization.NoEncryption()
PEM = serialization.Encoding.PEM


class Unusable(Sentence):
    """A certificate nobody can be served with; the sentence says what to do."""


def check(cert: str, key: str) -> None:
    """`Unusable` unless the files `cert` and `key` are a pair that is valid now. Both empty is no
    TLS, and fine."""
    if not cert and not key:
        return
    if not cert or not key:
        raise Unusable("--tls-cert et --tls-key vont ensemble : donnez les deux.")
    for path in (cert, key):
        if not readable(path):
            raise Unusable(f"Le fichier {path} ne se lit pas : vérifiez le chemin et les droits.")
    now = datetime.now(UTC)
    found = certificate(cert)
    if found.not_valid_after_utc <= now:
        raise Unusable(
            f"Le certificat {cert} a expiré le {found.not_valid_after_utc:%d/%m/%Y} : "
            "renouvelez-le (guichet tls self-signed, pour un certificat d'essai)."
        )
    if found.not_valid_before_utc > now:
        raise Unusable(
            f"Le certificat {cert} ne vaut qu'à partir du {found.not_valid_before_utc:%d/%m/%Y} : "
            "vérifiez l'horloge de cette machine."
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except (OSError, ValueError):
        raise Unusable(
            f"La clé {key} ne va pas avec le certificat {cert} : donnez les deux fichiers du même "
            "renouvellement, la clé sans mot de passe."
        ) from None


def readable(path: str) -> bool:
    """Whether this account reads the file."""
    try:
        return bool(Path(path).read_bytes())
    except OSError:
        return False


def certificate(path: str) -> x509.Certificate:
    """The first certificate of a PEM file, the server's own; `Unusable` when there is none."""
    try:
        return x509.load_pem_x509_certificate(Path(path).read_bytes())
    except (OSError, ValueError):
        raise Unusable(f"Le fichier {path} ne contient pas de certificat PEM.") from None


def seconds_left(path: str) -> float:
    """Seconds until the certificate expires, negative afterwards; `Unusable` without one."""
    return (certificate(path).not_valid_after_utc - datetime.now(UTC)).total_seconds()


def run(settings: Settings, hosts: list[str]) -> None:
    """`guichet tls self-signed`: make what is missing, renew the server's certificate, say what to
    do with it."""
    folder = settings.data / "tls"
    hosts = hosts or [gethostname()]
    folder.mkdir(mode=0o700, exist_ok=True)
    root, key = the_root(folder, settings.town)
    server = renew(folder, root, key, hosts)
    print(
        f"Certificat du serveur pour {', '.join(hosts)}, valable jusqu'au "
        f"{server.not_valid_after_utc:%d/%m/%Y} : {folder / 'server.pem'}\n"
        f"Racine à installer sur les tablettes : {folder / 'root.pem'}\n"
        f"Son empreinte SHA-256 : {fingerprint(root)}\n"
        f"Gardez {folder / 'root.key'} : qui l'a peut se faire passer pour n'importe quel site.\n"
        f"./run --tls-cert {folder / 'server.pem'} --tls-key {folder / 'server.key'}"
    )


def the_root(folder: Path, town: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """The authority of this installation, made once; a renewal must not send anybody back to
    every tablet."""
    cert_path, key_path = folder / "root.pem", folder / "root.key"
    if cert_path.exists() and key_path.exists():
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
        found = certificate(str(cert_path))
        left = found.not_valid_after_utc - datetime.now(UTC)
        if isinstance(key, ec.EllipticCurvePrivateKey) and left > timedelta(days=SERVER_DAYS):
            return found, key
    key = ec.generate_private_key(ec.SECP256R1())
    name = named(f"Guichet {town[:40]}, racine")
    unsigned = (
        begun(name, name, key.public_key(), ROOT_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(signs_others=True), critical=True)
    )
    root = unsigned.sign(key, hashes.SHA256())
    write_key(key_path, key)
    write_private(cert_path, root.public_bytes(PEM).decode())
    cert_path.chmod(0o644)
    return root, key


def renew(
    folder: Path, root: x509.Certificate, key: ec.EllipticCurvePrivateKey, hosts: list[str]
) -> x509.Certificate:
    """A new key and certificate of the server, signed by the root."""
    own = ec.generate_private_key(ec.SECP256R1())
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    server = (
        begun(named(hosts[0][:64]), root.subject, own.public_key(), SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName([general(host) for host in hosts]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(signs_others=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(signer, critical=False)
        .sign(key, hashes.SHA256())
    )
    write_key(folder / "server.key", own)
    write_private(folder / "server.pem", server.public_bytes(PEM).decode())
    (folder / "server.pem").chmod(0o644)
    return server


def begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    """A certificate without its extensions; it starts an hour ago, for tablets that are slow."""
    now = datetime.now(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def usage(*, signs_others: bool) -> x509.KeyUsage:
    """What a key is for: the root signs certificates, the server signs its handshakes."""
    return x509.KeyUsage(
        digital_signature=not signs_others,
        key_cert_sign=signs_others,
        crl_sign=signs_others,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def general(host: str) -> x509.GeneralName:
    """A host as a certificate names it: an address, or a name. `Unusable` for what is neither."""
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host.encode("idna").decode())
    except UnicodeError:
        raise Unusable(f"« {host} » n'est ni un nom de machine ni une adresse.") from None


def named(name: str) -> x509.Name:
    """A name with nothing but its common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def fingerprint(cert: x509.Certificate) -> str:
    """Its SHA-256, as tablets show it."""
    return cert.fingerprint(hashes.SHA256()).hex(":").upper()


def write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Keep a private key, for us alone."""
    text = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, NONE)
    write_private(path, text.decode())
