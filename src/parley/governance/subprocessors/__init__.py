"""The register of sub-processors, planned changes, objections, when egress opens for whom."""
