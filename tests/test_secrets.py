"""What looks like a secret: what does and what doesn't, and that no form of report shows one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fleets import put, run, tiny
from pavior.diagnostics.secrets import conceal, forms, named
from pavior.report import FORMS

LETTERS = "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4Cd5Ef6"

KNOWN = [
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    "AKIAIOSFODNN7EXAMPLE",
    f"ghp_{LETTERS[:36]}",
    f"github_pat_{LETTERS}",
    f"glpat-{LETTERS[:20]}",
    f"xoxb-{LETTERS[:24]}",
    f"https://hooks.slack.com/services/T0/B0/{LETTERS[:24]}",
    f"sk_live_{LETTERS[:24]}",
    f"AIza{LETTERS[:35]}",
    f"sk-ant-{LETTERS[:30]}",
    f"npm_{LETTERS[:36]}",
    f"hvs.{LETTERS[:24]}",
    f"SG.{LETTERS[:22]}.{LETTERS[:43]}",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    "postgres://orders:heron@db.acme.example/orders",
    "rediss://:heron@cache.acme.example:6379/0",
    f"Authorization: Bearer {LETTERS[:30]}",
]

INNOCENT = [
    "registry.acme.example/shop/cart:1.4.2@sha256:06677c1cc83f179addce981a13a2195fef22dfc0e770b678bc0a1dd596b9aa42",
    "postgresql://$(ORDERS_USERNAME):$(ORDERS_PASSWORD)@$(ORDERS_HOST):$(ORDERS_PORT)/orders",
    "postgres://${USER}:${PASSWORD}@db/orders",
    "https://git.acme.example/platform.git",
    "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d",
    "task-abcdefghijklmnopqrstuvwxyz0123456789",
    "-----BEGIN CERTIFICATE-----",
]


@pytest.mark.parametrize("text", KNOWN)
def test_a_credential_is_known_by_its_form_wherever_it_stands(text: str) -> None:
    assert [what for _, _, what in forms(f"before {text} after")], text
    assert LETTERS[:16] not in conceal(text)


@pytest.mark.parametrize("text", INNOCENT)
def test_what_only_resembles_one_is_none(text: str) -> None:
    assert list(forms(text)) == []
    assert conceal(text) == text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("env: {DB_PASSWORD: heron, dbPassword: heron, DB_PWD: 4711}", ["DB_PASSWORD", "dbPassword", "DB_PWD"]),
        (
            "env: {API_KEY: heron-1, GITHUB_TOKEN: heron, clientSecret: heron}",
            ["API_KEY", "GITHUB_TOKEN", "clientSecret"],
        ),
        ("env: [{name: API_KEY, value: heron}, {name: LEVEL, value: debug}]", ["API_KEY"]),
        ("patch: [{op: replace, path: /data/password, value: heron}]", ["password"]),
        ("args: [--password, heron, --token=heron, --level=debug]", ["password", "token"]),
        ("command: [sh, -c, 'run --db-password heron --level debug']", ["db-password"]),
        ("files: {/etc/app.yaml: 'level: debug\n\n  password: heron\n'}", ["password"]),
        ("""files: {/etc/app.json: '{\n"apiKey": "heron-77",\n"level": 1}'}""", ["apiKey"]),
        ("env: {URL: 'host=db user=app password=heron sslmode=require'}", ["password"]),
        ("env: {PASSWORD_FILE: /run/secrets/db, TOKEN_URL: https://login.example/token, TOKEN_TTL: 3600}", []),
        ("env: {ACCESS_TOKEN: 15m, MAX_TOKEN: 4096, REQUIRE_PASSWORD: true, CSRF_TOKEN: disabled}", []),
        ("env: {DB_PASSWORD: $(ORDERS_PASSWORD), API_KEY: '<from the vault>', TOKEN: '{{ token }}'}", []),
        ("env: {PUBLIC_KEY: heron, PARTITION_KEY: customer, PRIMARY_KEY: id}", []),
        ("secrets: {DB_PASSWORD: {key: database, property: password}}", []),
        ("env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: cart-db, key: password}}}]", []),
        ("data: [{secretKey: DB_PASSWORD, remoteRef: {key: database}}]", []),
        ("description: 'Signs people in. Token: what they get'", []),
    ],
)
def test_a_literal_is_a_secret_where_its_name_says_so(text: str, names: list[str]) -> None:
    assert [name for _, name, _ in named(yaml.safe_load(text))] == names


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("ending", ["", "levels: {\n"], ids=["sound", "broken"])
def test_no_form_of_report_shows_it(tmp_path: Path, form: str, ending: str) -> None:
    root = tiny(tmp_path)
    (service, *_) = sorted(path.parent for path in root.glob("teams/*/*/platform.yaml"))
    secrets = [f"ghp_{LETTERS[:36]}", "blue-heron-4711", "Ymx1ZS1oZXJvbg"]
    with (service / "platform.yaml").open("a") as file:
        file.write(f"# {secrets[0]}\nDB_PASSWORD: {secrets[1]}\n{ending}")
    put(
        root,
        f"{service.relative_to(root)}/manifests/settings.yaml",
        f"kind: {secrets[2]}\ndata: {{password: {secrets[2]}}}\n",
    )
    found = run(root, "check", "--format", form)
    assert found.status == 1
    assert "PV118" in found.output
    assert [secret for secret in secrets if secret in found.output + found.errors] == []
