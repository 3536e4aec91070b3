from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest

from gatehouse.gate.pages.brand import Brand, brand_of, picture
from gatehouse.gate.pages.page import Name, asset, render
from gatehouse.gate.pages.words import ENDED, FAILED
from gatehouse.gate.session import Reason
from gatehouse.settings import StartError

BRAND = Brand("Tools & Co")
EVIL = '"><script>alert(1)</script>'


@dataclass
class Provider:
    name: str
    title: str | None = None
    colour: str | None = None
    logo: str | None = None


def text(page: Name, **context: Any) -> str:  # noqa: ANN401 -- as for render
    return bytes(render(page, brand=BRAND, **context).body).decode()


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.seen if name == tag]


@pytest.mark.parametrize("page", get_args(Name))
def test_every_page_stands_alone_with_one_heading_and_no_script(page: Name) -> None:
    tags = Tags(text(page))
    assert len(tags.all("h1")) == len(tags.all("main")) == len(tags.all("header")) == len(tags.all("title")) == 1
    assert tags.all("html") == [{"lang": "en"}]
    assert not tags.all("script")
    assert not [name for _, attributes in tags.seen for name in attributes if name.startswith("on") or name == "style"]
    addresses = [attributes.get(name) for _, attributes in tags.seen for name in ("href", "src", "action")]
    assert all(re.match(r"/|data:|$", address) for address in addresses if address)


@pytest.mark.parametrize("page", get_args(Name))
def test_everything_given_is_escaped(page: Name) -> None:
    provider = Provider(EVIL, EVIL, EVIL, EVIL)
    given: dict[str, Any] = dict.fromkeys(("name", "email", "reason", "why"), EVIL)
    html = bytes(
        render(page, brand=Brand(EVIL), **given, next=f"/{EVIL}", provider=provider, providers=[provider]).body
    ).decode()
    assert "<script" not in html


def test_a_page_may_load_nothing_but_its_style() -> None:
    answer = render("signed_out", brand=BRAND, headers={"cache-control": "public", "Retry-After": "5"})
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert re.fullmatch(r"'self' 'sha256-[A-Za-z0-9+/]{43}='", policy["style-src"])
    assert policy["form-action"] == "'self'"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "script-src" not in policy
    assert answer.headers.getlist("cache-control") == ["no-store"]
    assert answer.headers["retry-after"] == "5"


def test_answering_a_form_may_lead_to_one_more_origin() -> None:
    answer = render("confirm_sign_out", brand=BRAND, forms_to="https://id.example")
    assert "form-action 'self' https://id.example;" in answer.headers["content-security-policy"]


def test_the_style_is_kept_until_it_changes() -> None:
    (link,) = [link["href"] for link in Tags(text("error")).all("link") if link["rel"] == "stylesheet"]
    assert link
    assert re.fullmatch(r"/auth/assets/style\.css\?[0-9a-f]{12}", link)
    style = asset("style.css")
    assert (style.status_code, style.media_type) == (200, "text/css")
    assert "immutable" in style.headers["cache-control"]


@pytest.mark.parametrize("name", ["base.html", "page.py", "../policy.py", "", "style.css/"])
def test_no_other_file_is_an_asset(name: str) -> None:
    assert asset(name).status_code == 404


@pytest.mark.parametrize("reason", [*get_args(Reason), "restart"])
def test_each_ending_says_why_in_words_of_its_own_and_redirects_nobody(reason: str) -> None:
    html = text("signed_out", reason=reason, next="/approvals?a=1&b=2")
    assert ENDED[reason].text in html
    assert 'href="/auth/login?next=/approvals%3Fa%3D1%26b%3D2"' in html
    assert "refresh" not in html


def test_an_unknown_reason_is_never_repeated() -> None:
    assert "call 555" not in text("signed_out", reason="call 555")
    assert "call 555" not in text("error", why="call 555")
    assert FAILED[""].title in text("error", why="bad-nonce")


def test_denied_says_who_you_are_and_how_to_switch() -> None:
    html = text("denied", name="Sam", email="sam@example.com", provider=Provider("x", "Example"), next="/a")
    assert all(shown in html for shown in ("Sam", "sam@example.com", "Example"))
    assert 'href="/auth/login?fresh=1&amp;next=/a"' in html


def test_choice_of_providers_keeps_the_way() -> None:
    providers = [Provider("google", "Google", "#4285f4"), Provider("entra")]
    html = text("choose", providers=providers, next="/a?b=1")
    links = [link["href"] for link in Tags(html).all("a")]
    assert links == [f"/auth/login?provider={name}&next=/a%3Fb%3D1" for name in ("google", "entra")]
    assert "Entra" in html


def test_signing_out_is_a_post() -> None:
    (form,) = Tags(text("confirm_sign_out")).all("form")
    assert form == {"method": "post", "action": "/auth/logout"}


def test_unavailable_comes_back_by_itself() -> None:
    assert '<meta http-equiv="refresh" content="10">' in text("unavailable")
    assert '<meta http-equiv="refresh" content="10; url=/">' in text("unavailable", next="/")


def test_a_name_that_no_page_shows_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="titel"):
        text("error", titel="x")


@pytest.mark.parametrize("colour", ["red", "#fff", "#0f766e;", "#0f766e\n", "", "#0f766g"])
def test_only_a_plain_colour_is_written_into_the_style(colour: str) -> None:
    with pytest.raises(ValueError, match="#rrggbb"):
        Brand("x", colour=colour)


@pytest.mark.parametrize(
    ("colour", "on_it"),
    [
        ("#000000", "#ffffff"),
        ("#ffffff", "#000000"),
        ("#ffcc00", "#000000"),
        ("#0f766e", "#ffffff"),
        ("#1a73e8", "#ffffff"),
    ],
)
def test_text_on_the_colour_can_be_read(colour: str, on_it: str) -> None:
    assert Brand("x", colour=colour).text_colour == on_it


def test_a_picture_becomes_part_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "logo.SVG").write_text("<svg/>")
    assert picture(tmp_path, "logo.SVG") == "data:image/svg+xml;base64,PHN2Zy8+"


@pytest.mark.parametrize("name", ["logo.txt", "big.png", "missing.png", "../outside.png", "/etc/hostname", "link.png"])
def test_a_picture_that_cannot_be_shown_stops_the_start_by_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "author"
    folder.mkdir()
    (tmp_path / "outside.png").write_bytes(b"x")
    (folder / "logo.txt").write_bytes(b"")
    (folder / "big.png").write_bytes(b"x" * 70_000)
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(StartError, match=f"APP_LOGO={re.escape(name)}: .*; correct it in .env"):
        brand_of("Desk", name, None, folder)


@pytest.mark.parametrize(("given", "shown"), [("#aa3300", "#aa3300"), ("tomato", "#0f766e"), (None, "#0f766e")])
def test_the_pages_take_the_apps_colour_where_they_can(tmp_path: Path, given: str | None, shown: str) -> None:
    assert brand_of("Desk", None, given, tmp_path).colour == shown
