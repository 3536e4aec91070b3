"""Write the list of one image: `docker export CONTAINER | python -m deploy.sbom NAME IMAGE-ID`."""

from __future__ import annotations

import sys

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion

from deploy.sbom.packages import Found, read

# Grype and Trivy have read it for years.
_VERSION = SchemaVersion.V1_6


def document(found: Found, name: str, image: str) -> str:
    """The list as CycloneDX JSON. `name`, `image`: of what was read."""
    bom = Bom()
    bom.metadata.component = Component(type=ComponentType.CONTAINER, name=name, version=image, bom_ref=image)
    bom.components.add(
        Component(type=ComponentType.OPERATING_SYSTEM, name=found.distribution, version=found.version, bom_ref="os")
    )
    for purl in found.packages:
        library = Component(
            name=purl.name, group=purl.namespace, version=purl.version, purl=purl, bom_ref=purl.to_string()
        )
        bom.components.add(library)
    bom.register_dependency(bom.metadata.component, bom.components)
    return make_outputter(bom, OutputFormat.JSON, _VERSION).output_as_string(indent=1)


def main() -> int:
    """Read standard input, write standard output; the exit code."""
    try:
        found = read(sys.stdin.buffer)
    except ValueError as problem:
        print(f"Error: {sys.argv[1]}: {problem}", file=sys.stderr)
        return 1
    print(document(found, *sys.argv[1:3]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
