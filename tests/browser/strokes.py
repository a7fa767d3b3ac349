"""Every digit as a hand would draw it: strokes of points, in fractions of the pad."""

import math

Point = tuple[float, float]

ARC_STEPS = 23


def arc(centre: Point, radii: Point, turn: Point) -> list[Point]:
    """Points on an ellipse, from one angle to another in degrees, 0 at the right."""
    start, end = turn
    angles = [
        math.radians(start + (end - start) * step / ARC_STEPS) for step in range(ARC_STEPS + 1)
    ]
    return [
        (centre[0] + radii[0] * math.cos(angle), centre[1] + radii[1] * math.sin(angle))
        for angle in angles
    ]


DIGITS: dict[int, list[list[Point]]] = {
    0: [arc((0.5, 0.5), (0.2, 0.3), (-90, 270))],
    1: [[(0.42, 0.3), (0.52, 0.2), (0.5, 0.8)]],
    2: [[*arc((0.5, 0.36), (0.17, 0.16), (190, 380)), (0.34, 0.78), (0.7, 0.77)]],
    3: [
        [*arc((0.48, 0.35), (0.17, 0.15), (200, 440)), *arc((0.48, 0.64), (0.19, 0.15), (-85, 150))]
    ],
    4: [[(0.36, 0.2), (0.3, 0.54), (0.72, 0.52)], [(0.62, 0.22), (0.6, 0.82)]],
    5: [
        [(0.38, 0.22), (0.36, 0.47), *arc((0.47, 0.61), (0.18, 0.17), (-115, 140))],
        [(0.38, 0.22), (0.66, 0.21)],
    ],
    6: [[(0.6, 0.2), (0.44, 0.36), (0.37, 0.56), *arc((0.5, 0.64), (0.13, 0.14), (180, 540))]],
    7: [[(0.3, 0.25), (0.7, 0.24), (0.55, 0.5), (0.46, 0.8)]],
    8: [
        [
            *arc((0.5, 0.36), (0.14, 0.14), (-30, -270)),
            *arc((0.5, 0.65), (0.16, 0.15), (-90, 270)),
            *arc((0.5, 0.36), (0.14, 0.14), (90, -30)),
        ]
    ],
    9: [[*arc((0.49, 0.38), (0.14, 0.15), (0, 360)), (0.63, 0.38), (0.6, 0.6), (0.55, 0.81)]],
}
