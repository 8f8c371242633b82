#!/usr/bin/python3
"""Makes the embedded fonts: Latin capitals, small letters and digits of freely licensed fonts, as unhinted TrueType.

It needs fontTools (Debian's python3-fonttools) and the Debian packages named below, and writes NAME.ttf and README.md beside itself.
The fonts are given names of their own, because some of the licences reserve the original's.
"""

import os
import string

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable

ROOT = "/usr/share/fonts/"
HERE = os.path.dirname(os.path.abspath(__file__))
OFL, VERA, APACHE = "OFL.txt", "Vera.txt", "Apache-2.0.txt"
FONTS = [  # name, file, Debian package, licence
    ("averia", "truetype/averia-gwf/AveriaSerifGWF-Bold.ttf", "fonts-averia-serif-gwf", OFL),
    ("bebas", "opentype/bebas-neue/BebasNeue-Bold.otf", "fonts-bebas-neue", OFL),
    ("cantarell", "opentype/cantarell/Cantarell-ExtraBold.otf", "fonts-cantarell", OFL),
    ("comfortaa", "truetype/comfortaa/Comfortaa-Bold.ttf", "fonts-comfortaa", OFL),
    ("comic", "opentype/comic-neue/ComicNeue-Bold.otf", "fonts-comic-neue", OFL),
    ("courier", "opentype/courier-prime/Courier Prime Bold.otf", "fonts-courier-prime", OFL),
    ("dejavu-sans", "truetype/dejavu/DejaVuSans-Bold.ttf", "fonts-dejavu-core", VERA),
    ("dejavu-serif", "truetype/dejavu/DejaVuSerif-Bold.ttf", "fonts-dejavu-core", VERA),
    ("didot", "opentype/didot/GFSDidotBold.otf", "fonts-gfs-didot", OFL),
    ("dosis", "opentype/dosis/Dosis-Bold.otf", "fonts-dosis", OFL),
    ("garamond", "opentype/ebgaramond/EBGaramond12-Bold.otf", "fonts-ebgaramond", OFL),
    ("gentium", "truetype/gentium-basic/GenBkBasB.ttf", "fonts-sil-gentium-basic", OFL),
    ("jura", "opentype/jura/Jura-Bold.otf", "fonts-jura", OFL),
    ("kaffeesatz", "opentype/yanone-kaffeesatz/YanoneKaffeesatz-Bold.otf", "fonts-yanone-kaffeesatz", OFL),
    ("lato", "truetype/lato/Lato-Black.ttf", "fonts-lato", OFL),
    ("league", "opentype/league-mono/LeagueMono-WideBold.otf", "fonts-league-mono", OFL),
    ("libertine", "opentype/linux-libertine/LinLibertine_RB.otf", "fonts-linuxlibertine", OFL),
    ("park", "opentype/national-park/NationalPark-Heavy.otf", "fonts-national-park", OFL),
    ("play", "truetype/play/Play-Bold.ttf", "fonts-play", OFL),
    ("quicksand", "truetype/quicksand/Quicksand-Bold.ttf", "fonts-quicksand", OFL),
    ("slab", "opentype/roboto/slab/RobotoSlab-Bold.otf", "fonts-roboto-slab", APACHE),
    ("standard", "truetype/fonts-oldstandard/OldStandard-Bold.ttf", "fonts-oldstandard", OFL),
    ("vollkorn", "truetype/vollkorn/Vollkorn-Black.ttf", "fonts-vollkorn", OFL),
]


NOTICES = {  # for fonts that don't carry their own, as in Debian's copyright files
    "garamond": "Copyright 2010-2012 Georg Duffner",
    "park": "Copyright 2018 Jeremy Shellhorn",
}


def to_truetype(font):
    """Replaces cubic outlines by quadratic ones, a four-hundredth of the em off at most, a tenth of a pixel in letters 30 high."""
    glyphs, order = font.getGlyphSet(), font.getGlyphOrder()
    glyf = newTable("glyf")
    glyf.glyphOrder, glyf.glyphs = order, {}
    for name in order:
        pen = TTGlyphPen(None)
        glyphs[name].draw(Cu2QuPen(pen, font["head"].unitsPerEm / 400, reverse_direction=True))
        glyf.glyphs[name] = pen.glyph()
    font["glyf"], font["loca"] = glyf, newTable("loca")
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    for field in ("maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements",
                  "maxSizeOfInstructions", "maxComponentElements"):
        setattr(maxp, field, 1 if field == "maxZones" else 0)
    for table in ("CFF ", "VORG"):
        if table in font:
            del font[table]
    font.sfntVersion = "\0\1\0\0"


def make(name, path):
    font = TTFont(ROOT + path)
    notice = NOTICES.get(name) or font["name"].getDebugName(0)
    options = Options()
    options.hinting = False
    options.layout_features = []
    options.notdef_outline = True
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "kern", "DSIG", "FFTM", "post", "OS/2", "gasp", "meta", "prep", "fpgm", "cvt "]
    subsetter = Subsetter(options)
    subsetter.populate(text=string.ascii_letters + string.digits)
    subsetter.subset(font)
    if "CFF " in font:
        to_truetype(font)
    names = font["name"]
    names.names = []
    for number, text in ((0, notice), (1, "Fibercaptcha " + name), (2, "Regular"), (4, "Fibercaptcha " + name)):
        names.setName(text, number, 3, 1, 0x409)
    post = newTable("post")
    post.formatType, post.italicAngle, post.underlinePosition, post.underlineThickness = 3.0, 0, 0, 0
    post.isFixedPitch = post.minMemType42 = post.maxMemType42 = post.minMemType1 = post.maxMemType1 = 0
    font["post"] = post
    out = os.path.join(HERE, name + ".ttf")
    font.save(out)
    return os.path.getsize(out), " ".join(notice.split())


def main():
    rows, total = [], 0
    for name, path, package, licence in FONTS:
        size, notice = make(name, path)
        total += size
        rows.append("| %s.ttf | %s | %s | [%s](%s) |" % (name, os.path.basename(path), notice, package, licence))
    with open(os.path.join(HERE, "README.md"), "w", encoding="utf-8") as f:
        f.write("# Embedded fonts\n\nLatin letters and digits of these fonts, cut out, renamed and turned into unhinted TrueType by "
                "`make.py` from Debian's packages:\n\n| file | from | copyright | package and licence |\n|---|---|---|---|\n")
        f.write("\n".join(rows) + "\n")
    print(total, "bytes")


main()
