"""The words the embedded model knows, the scenes they name, and the captions scenes are described with."""

import random
from dataclasses import dataclass

SHAPES = ["ball", "square", "triangle", "star", "heart", "boat", "fish", "house", "car", "tree", "moon", "balloon"]
COLOURS = {
    "red": (222, 40, 40),
    "orange": (245, 130, 25),
    "yellow": (248, 214, 36),
    "green": (40, 170, 60),
    "turquoise": (20, 190, 190),
    "blue": (40, 90, 225),
    "purple": (130, 50, 190),
    "pink": (240, 90, 175),
}
PLACES = ["sea", "meadow", "desert", "city", "space", "mountains", "forest", "beach"]
MOTIONS = ["left", "right", "up", "down", "still", "grows", "shrinks", "bounces", "spins", "circles"]
WEATHERS = ["rain", "snow", "fog", "night"]
CAMERAS = ["pan-left", "pan-right", "zoom-in", "zoom-out"]

# What stands for one meaning shares one row of the embedding when the model is saved.
SYNONYMS = {
    "ball": ["circle", "disc", "sphere"],
    "square": ["box", "cube", "block"],
    "triangle": ["pyramid"],
    "boat": ["ship", "sailboat"],
    "house": ["home", "hut", "cottage"],
    "car": ["automobile", "truck", "van"],
    "moon": ["crescent"],
    "heart": ["love"],
    "red": ["crimson", "scarlet"],
    "orange": ["amber"],
    "yellow": ["golden", "gold"],
    "green": ["emerald"],
    "turquoise": ["cyan", "teal"],
    "blue": ["azure", "navy"],
    "purple": ["violet"],
    "pink": ["magenta", "rose"],
    "sea": ["ocean", "water", "lake"],
    "meadow": ["grass", "field", "park"],
    "desert": ["sand", "dunes"],
    "city": ["town", "street"],
    "space": ["universe", "cosmos"],
    "mountains": ["mountain", "hills"],
    "forest": ["woods", "trees"],
    "beach": ["shore", "coast"],
    "rises": ["rising", "climbs", "climbing", "ascends"],
    "falls": ["falling", "sinks", "sinking", "descends", "drops"],
    "moves": ["moving", "drifts", "drifting", "goes", "going", "slides", "sliding", "travels", "flies", "flying", "sails"],
    "still": ["stands", "rests", "resting", "motionless", "stays"],
    "grows": ["growing", "swells", "expands"],
    "shrinks": ["shrinking", "dwindles"],
    "bounces": ["bouncing", "jumps", "jumping", "hops"],
    "spins": ["spinning", "rotates", "rotating", "turns", "turning"],
    "circles": ["circling", "orbits", "orbiting"],
    "rain": ["rainy", "raining"],
    "snow": ["snowy", "snowing"],
    "fog": ["foggy", "mist", "misty"],
    "night": ["dark", "darkness"],
    "pan": ["panning", "pans"],
    "zoom": ["zooming", "zooms"],
    "camera": ["view"],
    "left": ["leftwards"],
    "right": ["rightwards"],
    "up": ["upwards"],
    "down": ["downwards"],
    "middle": ["centre", "center"],
    "top": ["upper"],
    "bottom": ["lower"],
}
PARTICLES = ["to", "on", "at", "in", "out", "side", "the", "a", ",", "and", "of", "over", "with"]
DIRECTIONS = ["left", "right", "up", "down", "rises", "falls", "moves"]
POSITION_WORDS = ["top", "bottom", "middle"]


def canonical_words():
    """Every word with a row of its own, in the order of the rows."""
    words = []
    for group in (SHAPES, list(COLOURS), PLACES, MOTIONS, WEATHERS, DIRECTIONS, POSITION_WORDS, ["pan", "zoom", "camera"], PARTICLES):
        words += [word for word in group if word not in words]
    return words


@dataclass
class Scene:
    """What one clip shows; `column` and `row` are 0, 1 or 2 from the left and from the top."""

    shape: str
    colour: str
    motion: str
    column: int
    row: int
    place: str | None = None
    weather: str | None = None
    camera: str | None = None
    seed: int = 0


def random_scene(rng: random.Random) -> Scene:
    return Scene(
        shape=rng.choice(SHAPES),
        colour=rng.choice(list(COLOURS)),
        motion=rng.choice(MOTIONS),
        column=rng.randrange(3),
        row=rng.randrange(3),
        place=rng.choice(PLACES) if rng.random() < 0.8 else None,
        weather=rng.choices(WEATHERS, (1, 1, 2, 2))[0] if rng.random() < 0.12 else None,
        camera=rng.choice(CAMERAS) if rng.random() < 0.12 else None,
        seed=rng.randrange(1 << 30),
    )


def motion_phrase(motion: str, rng: random.Random) -> str:
    phrases = {
        "left": ["moves left", "moves to the left"],
        "right": ["moves right", "moves to the right"],
        "up": ["moves up", "rises"],
        "down": ["moves down", "falls"],
        "still": ["still"],
    }
    return rng.choice(phrases.get(motion, [motion]))


def position_phrase(column: int, row: int, rng: random.Random) -> str:
    side = ["left", "", "right"][column]
    height = ["top", "", "bottom"][row]
    if side and height:
        return rng.choice([f"at the {height} {side}", f"on the {side} at the {height}", f"{height} {side}"])
    if side:
        return rng.choice([f"on the {side}", f"on the {side} side", f"at the {side}"])
    if height:
        return rng.choice([f"at the {height}", f"on the {height}"])
    return rng.choice(["in the middle", "middle"])


def caption(scene: Scene, rng: random.Random, keep_all: bool = False) -> str:
    """A description of `scene`; words are left out now and then unless `keep_all`."""
    return told(scene, rng, keep_all)[0]


def told(scene: Scene, rng: random.Random, keep_all: bool = False) -> tuple[str, dict]:
    """A caption, and what it says: the scene's fields by name, without those it leaves out."""
    said = {}

    def kept(chance, **fields):
        if keep_all or rng.random() < chance:
            said.update(fields)
            return True
        return False

    head = " ".join(
        part
        for part in (
            "a",
            scene.colour if kept(0.95, colour=scene.colour) else "",
            scene.shape if kept(0.95, shape=scene.shape) else "",
        )
        if part
    )
    parts = []
    if kept(0.92, motion=scene.motion):
        parts.append(motion_phrase(scene.motion, rng))
    if kept(0.92, column=scene.column, row=scene.row):
        parts.append(position_phrase(scene.column, scene.row, rng))
    if scene.place:
        said["place"] = scene.place
        parts.append(rng.choice([f"over the {scene.place}", f"in the {scene.place}", f"on the {scene.place}", f"at the {scene.place}"]))
    if scene.weather:
        said["weather"] = scene.weather
        parts.append(rng.choice([f"in the {scene.weather}", f"with {scene.weather}", f"at {scene.weather}"]))
    if scene.camera:
        said["camera"] = scene.camera
        kind, direction = scene.camera.split("-")
        parts.append(rng.choice([f"{kind} {direction}", f"the camera {kind} {direction}", f"camera {kind} {direction}"]))
    first = parts[:1]
    rest = parts[1:]
    if rng.random() < 0.5:
        rng.shuffle(rest)
    text = head + " " + rng.choice([" ", ", "]).join(first + rest)
    if rng.random() < 0.15 and not keep_all:
        words = text.split()
        words.insert(rng.randrange(len(words) + 1), "<unk>")
        text = " ".join(words)
    return " ".join(text.replace(",", " ,").split()), said
