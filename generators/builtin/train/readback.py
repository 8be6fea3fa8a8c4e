"""Reads colour, place and motion back from a clip by image arithmetic; knows nothing of the prompt."""

import numpy as np

from words import COLOURS

# Saturation (largest minus smallest channel, of 255) that backgrounds stay under and objects go over.
SATURATED = 70


def masks(clip):
    """Where the object is in each picture [frames, height, width]: the saturated samples."""
    spread = clip.max(axis=-1).astype(int) - clip.min(axis=-1)
    return spread > SATURATED


def colour(clip, mask):
    """The named colour nearest in hue to the object's mean."""
    if not mask.any():
        return None
    mean = clip[mask].mean(axis=0)

    def direction(value):
        value = np.asarray(value, float) - np.mean(value)
        return value / max(np.linalg.norm(value), 1e-6)

    near = {name: direction(mean) @ direction(value) - abs(np.mean(mean) - np.mean(value)) / 600 for name, value in COLOURS.items()}
    return max(near, key=near.get)


def track(mask):
    """Centre and area of the object in each picture that shows one, as shares of the side and of the picture."""
    rows, columns = np.mgrid[0 : mask.shape[1], 0 : mask.shape[2]]
    found = []
    for t, seen in enumerate(mask):
        if seen.sum() >= 6:
            found.append((t, columns[seen].mean() / mask.shape[2], rows[seen].mean() / mask.shape[1], seen.mean()))
    return np.array(found)


def motion(path, mask):
    """The word for how the object moves."""
    t, x, y, area = path.T
    span = mask.shape[0] - 1
    slope = lambda values: np.polyfit(t / span, values, 1)[0]
    ends = max(1, len(t) // 7)
    across, down = (values[-ends:].mean() - values[:ends].mean() for values in (x, y))
    loose_x, loose_y = x - np.polyval(np.polyfit(t, x, 1), t), y - np.polyval(np.polyfit(t, y, 1), t)
    growth = slope(np.sqrt(area)) / np.sqrt(area).mean()
    if max(abs(across), abs(down)) > 0.15:
        if abs(across) > abs(down):
            return "right" if across > 0 else "left"
        return "down" if down > 0 else "up"
    if abs(growth) > 0.35:
        return "grows" if growth > 0 else "shrinks"
    if x.std() > 0.05 and y.std() > 0.05:
        return "circles"
    if loose_y.std() > 0.03 and loose_x.std() < 0.03:
        return "bounces"
    # A turning object changes its outline; one that rests does not.
    first = mask[: max(1, span // 8)].any(axis=0)
    changed = np.mean([(seen ^ mask[0]).sum() / max(mask[0].sum(), 1) for seen in mask])
    return "spins" if changed > 0.3 and first.any() else "still"


def read(clip):
    """(colour, (column, row), motion) of a uint8 clip [frames, height, width, 3]; `None` where nothing is seen."""
    mask = masks(clip)
    path = track(mask)
    if len(path) < clip.shape[0] // 2:
        return None, None, None
    middle = (np.median(path[:, 1]), np.median(path[:, 2]))
    place = tuple(int(np.digitize(value, (0.4, 0.6))) for value in middle)
    return colour(clip, mask), place, motion(path, mask)
