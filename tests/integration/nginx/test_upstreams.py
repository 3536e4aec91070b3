"""Upstreams that are away, and that come back at another address."""

from __future__ import annotations

import pytest
from testcontainers.core.container import DockerContainer

from integration.nginx.front import Front, upstream
from support.waiting import until


def address(container: DockerContainer) -> str:
    wrapped = container.get_wrapped_container()
    wrapped.reload()
    (network,) = wrapped.attrs["NetworkSettings"]["Networks"].values()
    return str(network["IPAddress"])


@pytest.mark.parametrize("name", ["app", "id"])
def test_absent_upstream_gets_a_page_that_looks_again(lonely: Front, name: str) -> None:
    response = lonely.get(f"https://{name}.localhost:{lonely.port}/realms/any")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert "Starting, back soon" in response.text
    assert '<meta http-equiv="refresh" content="5">' in response.text
    assert response.headers["x-request-id"] in response.text
    assert "<!--#" not in response.text


def test_upstream_that_does_not_listen_gets_the_page_too(lonely: Front) -> None:
    with upstream(lonely, "app", 9999):
        response = lonely.get(f"{lonely.app_url}/oauth2callback?code=hunter2")
    assert response.status_code == 503
    assert "Starting, back soon" in response.text


def test_recreated_upstream_is_found_at_its_new_address(lonely: Front) -> None:
    with upstream(lonely, "app", 8501) as first:
        before = address(first)
        until(lambda: lonely.get(lonely.app_url).status_code == 200, 10)
    # Another container takes the address that has become free.
    with upstream(lonely, "another", 1), upstream(lonely, "app", 8501) as second:
        assert address(second) != before
        until(lambda: lonely.get(lonely.app_url).status_code == 200, 10)
