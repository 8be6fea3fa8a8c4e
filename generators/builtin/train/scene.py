"""Draws a `Scene`: one coloured pictogram that moves over a muted place, 33 pictures of 64 x 64."""

import math
import random

import numpy as np

from words import COLOURS, Scene

SIZE = 64
FRAMES = 33
RATE = 8
TRAVEL = 0.36
INK = np.array([30, 32, 44], np.float32)
PAPER = np.array([250, 250, 245], np.float32)


def disc(x, y, cx, cy, r):
    return np.hypot(x - cx, y - cy) - r


def polygon(x, y, points):
    """Signed distance to a closed polygon."""
    best = np.full(x.shape, 1e9, np.float32)
    inside = np.zeros(x.shape, bool)
    count = len(points)
    for i in range(count):
        (ax, ay), (bx, by) = points[i], points[(i + 1) % count]
        ex, ey = bx - ax, by - ay
        t = np.clip(((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey), 0, 1)
        best = np.minimum(best, np.hypot(x - ax - t * ex, y - ay - t * ey))
        crosses = (ay > y) != (by > y)
        if ey != 0:
            inside ^= crosses & (x < ax + (y - ay) * ex / ey)
    return np.where(inside, -best, best)


def rectangle(x, y, cx, cy, w, h):
    dx, dy = np.abs(x - cx) - w, np.abs(y - cy) - h
    return np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0)


def star_points():
    return [
        (math.sin(i * math.pi / 5) * (1.12 if i % 2 == 0 else 0.5), -math.cos(i * math.pi / 5) * (1.12 if i % 2 == 0 else 0.5))
        for i in range(10)
    ]


def heart_points():
    points = []
    for i in range(20):
        t = i * math.tau / 20
        points.append((math.sin(t) ** 3, -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 15.5))
    return points


def figure(shape, x, y):
    """Signed distances to the body, to its light details and to its dark details; the body fits in the unit circle."""
    none = np.full(x.shape, 1e3, np.float32)
    if shape == "ball":
        return disc(x, y, 0, 0, 0.95), disc(x, y, 0.38, -0.4, 0.24), none
    if shape == "square":
        return rectangle(x, y, 0, 0, 0.8, 0.8), rectangle(x, y, -0.42, -0.42, 0.2, 0.2), none
    if shape == "triangle":
        return polygon(x, y, [(0, -1.05), (1.0, 0.8), (-1.0, 0.8)]), disc(x, y, 0, 0.2, 0.2), none
    if shape == "star":
        return polygon(x, y, star_points()), none, none
    if shape == "heart":
        return polygon(x, y, heart_points()), disc(x, y, -0.45, -0.35, 0.17), none
    if shape == "boat":
        hull = polygon(x, y, [(-1.1, 0.3), (1.1, 0.3), (0.65, 0.9), (-0.65, 0.9)])
        sail = polygon(x, y, [(0.05, -1.05), (0.85, 0.12), (0.05, 0.12)])
        return np.minimum(hull, sail), polygon(x, y, [(-0.12, -0.85), (-0.12, 0.12), (-0.7, 0.12)]), none
    if shape == "fish":
        body = np.hypot(x / 0.85, (y) / 0.58) - 1
        tail = polygon(x, y, [(-0.6, 0), (-1.15, -0.55), (-1.15, 0.55)])
        return np.minimum(body * 0.58, tail), disc(x, y, 0.42, -0.12, 0.2), disc(x, y, 0.45, -0.12, 0.1)
    if shape == "house":
        body = np.minimum(rectangle(x, y, 0, 0.35, 0.75, 0.55), polygon(x, y, [(0, -1.05), (1.05, -0.15), (-1.05, -0.15)]))
        return body, rectangle(x, y, -0.35, 0.25, 0.19, 0.19), rectangle(x, y, 0.32, 0.55, 0.2, 0.35)
    if shape == "car":
        body = np.minimum(rectangle(x, y, 0, 0.2, 1.1, 0.34), polygon(x, y, [(-0.7, -0.1), (-0.45, -0.65), (0.4, -0.65), (0.75, -0.1)]))
        wheels = np.minimum(disc(x, y, -0.6, 0.55, 0.3), disc(x, y, 0.6, 0.55, 0.3))
        return np.minimum(body, wheels), rectangle(x, y, 0.0, -0.32, 0.33, 0.15), wheels
    if shape == "tree":
        crown = polygon(x, y, [(0, -1.1), (0.85, 0.45), (-0.85, 0.45)])
        trunk = rectangle(x, y, 0, 0.7, 0.18, 0.3)
        return np.minimum(crown, trunk), none, trunk
    if shape == "moon":
        return np.maximum(disc(x, y, 0, 0, 1.0), -disc(x, y, 0.5, -0.25, 0.78)), none, none
    string = rectangle(x, y, 0, 0.85, 0.06, 0.3)
    return np.minimum(disc(x, y, 0, -0.25, 0.8), string), disc(x, y, 0.25, -0.5, 0.18), string


def path(scene: Scene, t: float, radius: float, jitter):
    """Centre, radius and angle at time `t` in 0..1."""
    cx = (0.3, 0.5, 0.7)[scene.column] + jitter[0]
    cy = (0.3, 0.5, 0.7)[scene.row] + jitter[1]
    angle = 0.0
    swing = TRAVEL * (t - 0.5)
    match scene.motion:
        case "left":
            cx -= swing
        case "right":
            cx += swing
        case "up":
            cy -= swing
        case "down":
            cy += swing
        case "grows":
            radius *= 0.6 + 0.85 * t
        case "shrinks":
            radius *= 1.45 - 0.85 * t
        case "bounces":
            cy += 0.1 - 0.22 * abs(math.sin(3 * math.pi * t))
        case "spins":
            angle = math.tau * t
        case "circles":
            cx += 0.13 * math.sin(math.tau * t)
            cy -= 0.13 * math.cos(math.tau * t)
    return cx, cy, radius, angle


PALETTES = {
    None: ((226, 226, 222), (208, 208, 206)),
    "sea": ((206, 222, 232), (112, 142, 168)),
    "meadow": ((208, 224, 234), (150, 176, 130)),
    "desert": ((238, 226, 204), (206, 184, 148)),
    "city": ((214, 214, 222), (142, 142, 152)),
    "space": ((26, 26, 44), (38, 36, 60)),
    "mountains": ((204, 216, 228), (172, 180, 192)),
    "forest": ((190, 206, 192), (92, 116, 96)),
    "beach": ((202, 224, 232), (224, 210, 176)),
}


def horizon(place, u):
    """Height of the ground's edge at `u`, in picture heights from the top; `u` may run past the picture."""
    match place:
        case "sea":
            return 0.6 + 0.012 * np.sin(u * 30)
        case "meadow":
            return 0.66 + 0.05 * np.sin(u * 5)
        case "desert":
            return 0.66 + 0.06 * np.abs(np.sin(u * 4.2))
        case "city":
            return 0.62 - 0.22 * ((np.floor(u * 7) * 37 % 11) / 11)
        case "mountains":
            return 0.7 - 0.32 * np.abs((u * 2.6) % 1 - 0.5) * 2
        case "forest":
            return 0.68 - 0.2 * np.abs((u * 6) % 1 - 0.5) * 2
        case "beach":
            return 0.72 + 0.02 * np.sin(u * 8)
    return np.full_like(u, 2.0)


def background(scene: Scene, t: float, phase: float):
    v, u = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    u, v = (u + 0.5) / SIZE, (v + 0.5) / SIZE
    if scene.camera in ("zoom-in", "zoom-out"):
        s = t if scene.camera == "zoom-in" else 1 - t
        scale = 1.0 / (1.0 + 0.9 * s)
        u, v = (u - 0.5) * scale + 0.5, (v - 0.62) * scale + 0.62
    shift = phase
    if scene.camera == "pan-left":
        shift -= 0.8 * t
    if scene.camera == "pan-right":
        shift += 0.8 * t
    u = u + shift
    sky, ground = (np.array(c, np.float32) for c in PALETTES[scene.place])
    picture = sky + (v[..., None] - 0.5) * 14
    edge = horizon(scene.place, u)
    cover = np.clip((v - edge) * SIZE + 0.5, 0, 1)[..., None]
    land = ground * (1 - 0.16 * np.clip(v - 0.6, 0, 1))[..., None]
    if scene.place == "sea":
        land = land + 8 * np.sin(u * 24 + v * 60)[..., None]
    if scene.place == "mountains":
        land = land + 46 * np.clip((edge + 0.12 - v) * 30, 0, 1)[..., None]
    picture = picture * (1 - cover) + land * cover
    if scene.place == "beach":
        wet = np.clip((v - 0.55) * SIZE, 0, 1) * (1 - cover[..., 0])
        picture = picture + wet[..., None] * (np.array([140, 172, 190], np.float32) - picture)
    if scene.place == "space":
        a, b = (u * 5) % 1 - 0.5, (v * 5 + 0.37 * np.floor(u * 5)) % 1 - 0.5
        picture = picture + 190 * np.clip(1 - np.hypot(a, b) * 14, 0, 1)[..., None]
    return picture


def weather(picture, scene: Scene, t: float, phase: float):
    v, u = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    u, v = (u + 0.5) / SIZE, (v + 0.5) / SIZE
    if scene.weather == "night":
        return picture * np.array([0.42, 0.44, 0.58], np.float32)
    if scene.weather == "fog":
        return picture + 0.62 * (np.array([205, 208, 212], np.float32) - picture)
    if scene.weather == "rain":
        column = np.floor((u + 0.12 * v) * 9)
        a = ((u + 0.12 * v) * 9) % 1 - 0.5
        b = (v * 2.5 - t * 5 + column * 0.41 + phase) % 1
        drop = np.clip(1 - np.abs(a) * 7, 0, 1) * (b < 0.4)
        return picture * 0.86 + 0.7 * drop[..., None] * (np.array([150, 170, 205], np.float32) - picture * 0.86)
    if scene.weather == "snow":
        column = np.floor(u * 6)
        a = (u * 6) % 1 - 0.5
        b = (v * 4 - t * 2 + column * 0.37 + phase) % 1 - 0.5
        flake = np.clip(1.6 - np.hypot(a / 6, b / 4) * SIZE / 1.3, 0, 1)
        return picture * 0.9 + flake[..., None] * (252 - picture * 0.9)
    return picture


def chance(scene: Scene):
    """What a caption does not say: the background's phase, the object's radius, and where it is off its place."""
    rng = random.Random(scene.seed)
    phase = rng.random()
    radius = 0.125 + 0.02 * rng.random()
    return phase, radius, (0.04 * (rng.random() - 0.5), 0.04 * (rng.random() - 0.5))


def covered(scene: Scene, side: int, group: int):
    """Which of `side` x `side` cells the object touches in the first picture, and in each later group of `group`: bool
    [1 + 32 / group, side, side]."""
    _, radius, jitter = chance(scene)
    centre = (np.arange(side) + 0.5) / side
    touched = np.zeros((FRAMES, side, side), bool)
    for i in range(FRAMES):
        cx, cy, r, _ = path(scene, i / (FRAMES - 1), radius, jitter)
        reach = 1.1 * r + 0.5 / side
        touched[i] = (np.abs(centre[None, :] - cx) < reach) & (np.abs(centre[:, None] - cy) < reach)
    return np.concatenate([touched[:1], touched[1:].reshape(-1, group, side, side).any(axis=1)])


def render(scene: Scene, frames: int = FRAMES, first: int = 0):
    """Pictures `first` to `first + frames` of the scene, uint8 [frames, 64, 64, 3]."""
    phase, radius, jitter = chance(scene)
    colour = np.array(COLOURS[scene.colour], np.float32)
    v, u = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    u, v = (u + 0.5) / SIZE, (v + 0.5) / SIZE
    still = scene.camera is None
    base = background(scene, 0.0, phase) if still else None
    out = np.empty((frames, SIZE, SIZE, 3), np.uint8)
    for i in range(frames):
        t = (first + i) / (FRAMES - 1)
        picture = base.copy() if still else background(scene, t, phase)
        if scene.weather in ("night", "fog"):
            picture = weather(picture, scene, t, phase)
        cx, cy, r, angle = path(scene, t, radius, jitter)
        x0, x1 = max(0, int((cx - 1.5 * r) * SIZE)), min(SIZE, int((cx + 1.5 * r) * SIZE) + 2)
        y0, y1 = max(0, int((cy - 1.5 * r) * SIZE)), min(SIZE, int((cy + 1.5 * r) * SIZE) + 2)
        if x1 > x0 and y1 > y0:
            dx, dy = (u[y0:y1, x0:x1] - cx) / r, (v[y0:y1, x0:x1] - cy) / r
            c, s = math.cos(angle), math.sin(angle)
            body, light, dark = figure(scene.shape, c * dx + s * dy, c * dy - s * dx)
            part = picture[y0:y1, x0:x1]
            for distance, paint, spread in ((body, INK, 1.0), (body, colour, 0.0), (light, PAPER, 0.0), (dark, INK, 0.0)):
                cover = np.clip(0.5 + spread - distance * r * SIZE, 0, 1)[..., None]
                part += cover * (paint - part)
        if scene.weather in ("rain", "snow"):
            picture = weather(picture, scene, t, phase)
        out[i] = np.clip(picture + 0.5, 0, 255).astype(np.uint8)
    return out
