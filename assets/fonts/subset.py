"""Makes the two fonts of the pictures from Debian's fonts-nanum; see README.md.

    python3 subset.py FOLDER_WITH_THE_ORIGINALS
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

# Latin, Cyrillic, punctuation, won and euro, arrows, CJK punctuation, kana, the letters of Hangul,
# full-width forms.
COMMON = [
    (0x0020, 0x007E), (0x00A0, 0x017F), (0x0400, 0x045F), (0x2010, 0x2027), (0x2030, 0x203A),
    (0x20A9, 0x20A9), (0x20AC, 0x20AC), (0x2190, 0x2193), (0x3000, 0x3003), (0x3008, 0x3011),
    (0x3041, 0x30FF), (0x3131, 0x318E), (0xFF01, 0xFF5E),
]
SYLLABLES = range(0xAC00, 0xD7A4)


def is_in_ks_x_1001(code):
    """The 2,350 syllables of everyday Korean; the others take eight bytes in EUC-KR."""
    return len(chr(code).encode("euc_kr")) == 2


def make(source, target, style, syllables):
    font = TTFont(source)
    options = subset.Options(hinting=False, layout_features=["kern"], notdef_outline=False)
    options.name_IDs = []
    options.drop_tables += ["FFTM", "gasp"]
    subsetter = subset.Subsetter(options)
    common = [code for first, last in COMMON for code in range(first, last + 1)]
    subsetter.populate(unicodes=common + list(syllables))
    # The originals' names are reserved by their licence: what is made from them has another.
    copyright_notice = font["name"].getDebugName(0)
    subsetter.subset(font)
    names = {
        0: f"{copyright_notice} Subset of a font of NAVER Corporation.",
        1: "Timeattack Sans", 2: style, 4: f"Timeattack Sans {style}",
        6: f"TimeattackSans-{style}", 13: "SIL Open Font License, Version 1.1",
        14: "https://openfontlicense.org",
    }
    for name_id, text in names.items():
        font["name"].setName(text, name_id, 3, 1, 0x409)
    font["OS/2"].usWeightClass = 700 if style == "Bold" else 400
    # The time of the making would make every run another file.
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(target)


def main():
    originals, here = Path(sys.argv[1]), Path(__file__).parent
    everyday = filter(is_in_ks_x_1001, SYLLABLES)
    make(originals / "NanumBarunGothic.ttf", here / "TimeattackSans-Regular.ttf", "Regular", everyday)
    make(originals / "NanumBarunGothicBold.ttf", here / "TimeattackSans-Bold.ttf", "Bold", SYLLABLES)


main()
