"""What is drawn: surfaces, parts and the camera that looks at them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.types import Floats, Picture, floats
from train.people.makehuman import Indices, Mesh


@dataclass(frozen=True, slots=True)
class Surface:
    """A mesh ready to draw: one corner for each pair of vertex and texture place.

    `source` [k] is the vertex of each corner, `uvs` [k, 2] with v down,
    `triangles` [t, 3] index corners.
    """

    source: Indices
    uvs: Floats
    triangles: NDArray[np.int32]

    @classmethod
    def of(cls, mesh: Mesh, keep: NDArray[np.bool_] | None = None) -> Surface:
        """Take the faces of `mesh` for which `keep` [f] holds, all without it."""
        chosen = np.ones(len(mesh.faces), bool) if keep is None else keep
        pairs = np.stack([mesh.faces[chosen], mesh.uv_faces[chosen]], -1).reshape(-1, 2)
        corners, inverse = np.unique(pairs, axis=0, return_inverse=True)
        quads = inverse.reshape(-1, 4)
        triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
        flat = triangles[triangles[:, 0] != triangles[:, 2]]
        uvs = mesh.uvs[corners[:, 1]]
        uvs[:, 1] = 1 - uvs[:, 1]
        return cls(corners[:, 0], uvs, flat.astype(np.int32))

    def normals(self, vertices: Floats) -> Floats:
        """Unit normals [n, 3] of `vertices` [n, 3], the mean of their triangles by area."""
        corners = vertices[self.source[self.triangles]]
        faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        sums = np.zeros_like(vertices)
        for corner in range(3):
            np.add.at(sums, self.source[self.triangles[:, corner]], faces)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return np.array(sums / np.maximum(lengths, 1e-9), np.float32)


@dataclass(frozen=True, slots=True)
class Part:
    """One thing of a scene.

    `texture` is RGBA uint8 [h, w, 4]. `exposure` [n] is the light that reaches each
    vertex; at 0 it has the background's colour. `gloss` is the strength of highlights,
    `wrap` how far light bleeds around an edge (skin, gums). What is `see_through` is
    blended over what has been drawn before.
    """

    surface: Surface
    vertices: Floats
    texture: Picture
    exposure: Floats
    gloss: float = 0.05
    wrap: float = 0.3
    see_through: bool = False

    def table(self) -> Floats:
        """What a shader reads a vertex: place, normal, texture place, exposure, [n, 9]."""
        surface = self.surface
        columns = (self.vertices, surface.normals(self.vertices), self.exposure[:, None])
        place, normal, exposure = (column[surface.source] for column in columns)
        return floats(np.concatenate([place, normal, surface.uvs, exposure], axis=1))


@dataclass(frozen=True, slots=True)
class Camera:
    """Looks from `eye` along -z at a plane `distance` away, of which it sees `height`."""

    eye: Floats
    distance: float
    height: float

    def matrix(self) -> Floats:
        """World to clip space, [4, 4]; formula of OpenGL's perspective projection."""
        near, far = self.distance * 0.3, self.distance * 3
        zoom = 2 * self.distance / self.height
        projection = np.zeros((4, 4), np.float32)
        projection[0, 0] = projection[1, 1] = zoom
        projection[2, 2:] = (far + near) / (near - far), 2 * far * near / (near - far)
        projection[3, 2] = -1
        shift = np.eye(4, dtype=np.float32)
        shift[:3, 3] = -self.eye
        return projection @ shift

    def project(self, points: Floats) -> Floats:
        """Points [n, 3] to [n, 3]: x and y as shares of the picture (y down), depth 0..1."""
        clip = np.c_[points, np.ones(len(points), np.float32)] @ self.matrix().T
        place = clip[:, :3] / clip[:, 3:]
        return np.array(place * [0.5, -0.5, 0.5] + 0.5, np.float32)
