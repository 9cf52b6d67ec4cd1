"""The shape of what a predictor holds: compared with the belief's shape, measured without labels, split into parts."""

from probes.geometry.alignment import Alignment, cka, procrustes
from probes.geometry.cloud import CloudDimension, cloud_dimension
from probes.geometry.dimension import Components, effective_dimension, principal_components, unsupervised_curve
from probes.geometry.distances import (
    GeometryScore,
    Pairs,
    cosines,
    distances,
    draw_pairs,
    explained,
    geometry_scores,
    rank_correlation,
)
from probes.geometry.subspaces import SubspaceAngles, encoding_subspace, principal_angles, subspace_angles

__all__ = [
    "Alignment",
    "CloudDimension",
    "Components",
    "GeometryScore",
    "Pairs",
    "SubspaceAngles",
    "cka",
    "cloud_dimension",
    "cosines",
    "distances",
    "draw_pairs",
    "effective_dimension",
    "encoding_subspace",
    "explained",
    "geometry_scores",
    "principal_angles",
    "principal_components",
    "procrustes",
    "rank_correlation",
    "subspace_angles",
    "unsupervised_curve",
]
