from __future__ import annotations

import tomllib
from pathlib import Path
from uuid import UUID


def test_seed_has_requests_for_the_demo_people(desk: Path) -> None:
    users = tomllib.loads((desk / "demo" / "users.toml").read_text())["user"]
    seed = (desk / "demo" / "seed.sql").read_text()
    assert len({user["id"] for user in users}) == len(users)
    for user in users:
        start, number = user["id"][:-2], user["id"][-2:]
        assert str(UUID(user["id"])) == user["id"]
        assert f"'{start}'" in seed
        name, email, department = f"{user['first_name']} {user['last_name']}", user["email"], user["groups"][0]
        assert f"('{number}', '{name}', '{email}', '{department}')" in seed


def test_demo_addresses_reach_nobody(desk: Path) -> None:
    users = tomllib.loads((desk / "demo" / "users.toml").read_text())["user"]
    assert all(user["email"].endswith("@example.com") for user in users)  # RFC 2606
