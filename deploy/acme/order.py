"""One certificate: ordered, both names shown to be ours, fetched."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta

from acme import challenges, crypto_util, messages

from deploy.acme.account import Authority
from deploy.acme.errors import AcmeError
from deploy.acme.http import Challenge
from deploy.prepare import certificates

PATIENCE = timedelta(minutes=3)  # for the authority to look, and to sign


def obtain(authority: Authority, names: tuple[str, ...], challenge: Challenge) -> bytes:
    """A new key and the chain for `names`, PEM. Raises what errors.words() explains.

    Args:
        authority: with an account.
        names: both public ones.
        challenge: how to show that they are ours.
    """
    server, key = authority.client, authority.key
    own = certificates.key_pem(certificates.new_key())
    order = server.new_order(crypto_util.make_csr(own, list(names)))
    with ExitStack() as shown:
        answers: list[tuple[messages.ChallengeBody, challenges.KeyAuthorizationChallengeResponse]] = []
        for authorization in order.authorizations:
            if authorization.body.status == messages.STATUS_VALID:
                continue
            name = authorization.body.identifier.value
            body = _offered(authorization, challenge)
            shown.enter_context(challenge.shown(name, body.chall, key))
            answers.append((body, body.chall.response(key)))
        challenge.settled()
        for body, answer in answers:
            server.answer_challenge(body, answer)
        # The library compares with the local time without a zone.
        order = server.poll_and_finalize(order, datetime.now() + PATIENCE)  # noqa: DTZ005
    return own + order.fullchain_pem.encode("ascii")


def _offered(authorization: messages.AuthorizationResource, challenge: Challenge) -> messages.ChallengeBody:
    for body in authorization.body.challenges:
        if isinstance(body.chall, challenge.kind):
            return body
    offered = " or ".join(sorted(body.chall.typ for body in authorization.body.challenges))
    name = authorization.body.identifier.value
    raise AcmeError(f"{name}: the authority does not offer {challenge.kind.typ} but {offered}; set ACME_CHALLENGE")
