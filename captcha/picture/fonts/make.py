#!/usr/bin/python3
"""Makes the embedded fonts: Latin capitals, small letters and digits of freely licensed fonts, as unhinted TrueType, and of the Go fonts
Greek, Cyrillic and accented letters too.

    make.py [folder]

It needs fontTools (Debian's python3-fonttools), the Debian packages named below, unpacked below the folder or installed, and Go with this
module's golang.org/x/image. It writes NAME.ttf.gz and README.md beside itself. The fonts are given names of their own, because some of the
licences reserve the original's.
"""

import gzip
import io
import os
import string
import subprocess
import sys
import unicodedata

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable

ROOT = os.path.join(sys.argv[1] if len(sys.argv) > 1 else "/", "usr/share/fonts/")
HERE = os.path.dirname(os.path.abspath(__file__))
GO_FONTS = os.path.join(subprocess.check_output(["go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/image"], text=True, cwd=HERE).strip(),
                        "font/gofont/ttfs/")
OFL, VERA, APACHE, GO = "OFL.txt", "Vera.txt", "Apache-2.0.txt", "Go.txt"
FONTS = [  # name, file, package, licence
    ("go-bold", GO_FONTS + "Go-Bold.ttf", "golang.org/x/image", GO),
    ("go-mono", GO_FONTS + "Go-Mono-Bold.ttf", "golang.org/x/image", GO),
    ("go-smallcaps", GO_FONTS + "Go-Smallcaps.ttf", "golang.org/x/image", GO),
    ("averia", "truetype/averia-gwf/AveriaSerifGWF-Bold.ttf", "fonts-averia-serif-gwf", OFL),
    ("b612", "opentype/b612/B612-Bold.otf", "fonts-b612", OFL),
    ("bebas", "opentype/bebas-neue/BebasNeue-Bold.otf", "fonts-bebas-neue", OFL),
    ("cantarell", "opentype/cantarell/Cantarell-ExtraBold.otf", "fonts-cantarell", OFL),
    ("charis", "truetype/charis/CharisSIL-Bold.ttf", "fonts-sil-charis", OFL),
    ("comfortaa", "truetype/comfortaa/Comfortaa-Bold.ttf", "fonts-comfortaa", OFL),
    ("comic", "opentype/comic-neue/ComicNeue-Bold.otf", "fonts-comic-neue", OFL),
    ("courier", "opentype/courier-prime/Courier Prime Bold.otf", "fonts-courier-prime", OFL),
    ("dejavu-sans", "truetype/dejavu/DejaVuSans-Bold.ttf", "fonts-dejavu-core", VERA),
    ("dejavu-serif", "truetype/dejavu/DejaVuSerif-Bold.ttf", "fonts-dejavu-core", VERA),
    ("didot", "opentype/didot/GFSDidotBold.otf", "fonts-gfs-didot", OFL),
    ("dosis", "opentype/dosis/Dosis-Bold.otf", "fonts-dosis", OFL),
    ("garamond", "opentype/ebgaramond/EBGaramond12-Bold.otf", "fonts-ebgaramond", OFL),
    ("gentium", "truetype/gentium-basic/GenBkBasB.ttf", "fonts-sil-gentium-basic", OFL),
    ("humor", "truetype/humor-sans/Humor-Sans.ttf", "fonts-humor-sans", OFL),
    ("inter", "opentype/inter/Inter-Black.otf", "fonts-inter", OFL),
    ("jura", "opentype/jura/Jura-Bold.otf", "fonts-jura", OFL),
    ("kaffeesatz", "opentype/yanone-kaffeesatz/YanoneKaffeesatz-Bold.otf", "fonts-yanone-kaffeesatz", OFL),
    ("karla", "truetype/karla/Karla-ExtraBold.otf", "fonts-karla", OFL),
    ("kaushan", "opentype/kaushanscript/KaushanScript-Regular.otf", "fonts-kaushanscript", OFL),
    ("klee", "truetype/klee/KleeOne-SemiBold.ttf", "fonts-klee", OFL),
    ("lato", "truetype/lato/Lato-Black.ttf", "fonts-lato", OFL),
    ("league", "opentype/league-mono/LeagueMono-WideBold.otf", "fonts-league-mono", OFL),
    ("libertine", "opentype/linux-libertine/LinLibertine_RB.otf", "fonts-linuxlibertine", OFL),
    ("noto-serif", "truetype/noto/NotoSerif-Bold.ttf", "fonts-noto-core", OFL),
    ("open", "truetype/open-sans/OpenSans-ExtraBold.ttf", "fonts-open-sans", APACHE),
    ("park", "opentype/national-park/NationalPark-Heavy.otf", "fonts-national-park", OFL),
    ("play", "truetype/play/Play-Bold.ttf", "fonts-play", OFL),
    ("quicksand", "truetype/quicksand/Quicksand-Bold.ttf", "fonts-quicksand", OFL),
    ("reggae", "truetype/reggae/ReggaeOne-Regular.ttf", "fonts-reggae", OFL),
    ("rocknroll", "truetype/rocknroll/RocknRollOne-Regular.ttf", "fonts-rocknroll", OFL),
    ("routed", "truetype/routed-gothic/routed-gothic-wide-italic.ttf", "fonts-routed-gothic", OFL),
    ("slab", "opentype/roboto/slab/RobotoSlab-Bold.otf", "fonts-roboto-slab", APACHE),
    ("spartan", "opentype/league-spartan/LeagueSpartan-Black.otf", "fonts-league-spartan", OFL),
    ("standard", "truetype/fonts-oldstandard/OldStandard-Bold.ttf", "fonts-oldstandard", OFL),
    ("vollkorn", "truetype/vollkorn/Vollkorn-Black.ttf", "fonts-vollkorn", OFL),
    ("yrsa", "truetype/fonts-yrsa-rasa/Yrsa-Bold.ttf", "fonts-yrsa-rasa", OFL),
    ("yusei", "truetype/yusei-magic/YuseiMagic-Regular.ttf", "fonts-yusei-magic", OFL),
]


NOTICES = {  # for fonts that don't carry their own, as in Debian's copyright files
    "garamond": "Copyright 2010-2012 Georg Duffner",
    "humor": "Copyright (c) 2009, Michael Ciuffo ch00f@ch00ftech.com",
    "park": "Copyright 2018 Jeremy Shellhorn",
    "spartan": "Copyright 2011-2020 Micah Rich <micah@micahrich.com>",
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


def letters(font):
    """Every letter and digit of a font, without the forms of a letter that are there for compatibility alone."""
    return "".join(c for c in map(chr, font.getBestCmap()) if unicodedata.category(c)[0] in "LN" and unicodedata.normalize("NFKC", c) == c)


def make(name, path, licence):
    font = TTFont(os.path.join(ROOT, path), recalcTimestamp=False)
    notice = NOTICES.get(name) or font["name"].getDebugName(0)
    options = Options()
    options.hinting = False
    options.layout_features = []
    options.notdef_outline = True
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "kern", "DSIG", "FFTM", "post", "OS/2", "gasp", "meta", "prep", "fpgm", "cvt "]
    subsetter = Subsetter(options)
    subsetter.populate(text=letters(font) if licence == GO else string.ascii_letters + string.digits)
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
    plain = io.BytesIO()
    font.save(plain)
    packed = gzip.compress(plain.getvalue(), 9, mtime=0)
    with open(os.path.join(HERE, name + ".ttf.gz"), "wb") as f:
        f.write(packed)
    return len(packed), " ".join(notice.split()).partition(" This license is copied below")[0]


def main():
    rows, total = [], 0
    for name, path, package, licence in FONTS:
        size, notice = make(name, path, licence)
        total += size
        rows.append("| %s.ttf.gz | %s | %s | [%s](%s) |" % (name, os.path.basename(path), notice.replace("|", ", "), package, licence))
    with open(os.path.join(HERE, "README.md"), "w", encoding="utf-8") as f:
        f.write("# Embedded fonts\n\n`make.py` makes the embedded fonts from those in the table, which are in Debian's packages or in the Go module\n"
                "golang.org/x/image. It keeps the Latin letters and the digits, and of the Go fonts every letter. It renames each font,\n"
                "and turns it into TrueType without hints.\n\n| file | from | copyright | package and licence |\n|---|---|---|---|\n")
        f.write("\n".join(rows) + "\n")
    print(total, "bytes")


main()
