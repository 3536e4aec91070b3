"""Images on every node: by digest through a registry where one is named, else brought there and named by their ids."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from deploy.cluster.docker import Docker, send_images
from deploy.cluster.environment import Environment, Node
from deploy.cluster.errors import ClusterError

_AT_ONCE = 4
"""So many nodes are sent images side by side."""


def ids(names: list[str]) -> dict[str, str]:
    """The id of each image of this machine. Raises ClusterError."""
    found = {}
    for name in names:
        rows = Docker().inspect("image", name)
        if not rows:
            raise ClusterError(f"image {name}: is not on this machine; make deploy builds it")
        found[name] = str(rows[0]["Id"])
    return found


def push(images: dict[str, str], registry: str) -> dict[str, str]:
    """Push them to `registry`, and return each by its digest there. Raises ClusterError."""
    pushed = {}
    for name, image in images.items():
        repository = f"{registry}/{name.rpartition(':')[0]}"
        tagged = f"{repository}:{image.removeprefix('sha256:')[:12]}"
        Docker().text("tag", image, tagged)
        Docker().text("push", "--quiet", tagged)
        digests = Docker().inspect("image", tagged)[0]["RepoDigests"]
        pushed[name] = next(digest for digest in digests if digest.startswith(f"{repository}@"))
    return pushed


def bring(images: dict[str, str], environment: Environment) -> list[str]:
    """Load onto each node what it lacks; a line for each node. Raises ClusterError."""
    kept = {}
    for name, image in images.items():
        # A name of its own keeps it from being tidied away there as an image without one.
        kept[image] = f"{name.rpartition(':')[0]}:{image.removeprefix('sha256:')[:12]}"
        Docker().text("tag", image, kept[image])
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(lambda item: _bring_to(kept, *item), environment.nodes.items()))


def _bring_to(kept: Mapping[str, str], name: str, node: Node) -> str:
    target = Docker(node.context)
    lacking = [image for image in kept if not target.inspect("image", image)]
    if lacking:
        send_images([kept[image] for image in lacking], target)
    if still := [kept[image] for image in kept if not target.inspect("image", image)]:
        raise ClusterError(
            f"node {name}: has {', '.join(still)} under another id after loading; "
            "its engine keeps images otherwise (containerd's store): name a registry in the environment's file"
        )
    return f"{name}: {len(lacking)} loaded by image id, {len(kept) - len(lacking)} there"
