"""Turn an upload into the 28×28 digit the model expects.

bytes → decode → grey → ink mask → crop → 20×20 → centre of mass → uint8 [28, 28]
"""

from app.imaging.decoding import Picture, decode, decode_picture
from app.imaging.formats import is_small
from app.imaging.framing import frame, is_framed
from app.imaging.normalisation import Normalised, keep_framed, normalise
from app.imaging.rows import Reading, normalise_row
from app.imaging.views import View, draw_digit, draw_heatmap

__all__ = [
    "Normalised",
    "Picture",
    "Reading",
    "View",
    "decode",
    "decode_picture",
    "draw_digit",
    "draw_heatmap",
    "frame",
    "is_framed",
    "is_small",
    "keep_framed",
    "normalise",
    "normalise_row",
]
