"""Properties that the chain stands on, with synthetic clips; run with `python -m pytest detectors/train`."""

import csv
import json
import random
import subprocess
import sys
import tomllib

import numpy as np
import pytest
import torch

import appearance
import batches
import budget
import card
import chains
import expert
import export
import familiar
import features
import figures
import folds
import fuse
import groups
import hashes
import localise
import more
import networks
import observations
import peers
import plan
import protocols
import scores
import split
import synthetic
import trees
import variants


@pytest.fixture(scope="module")
def held():
    return synthetic.made(1)


def test_an_observation_is_read_as_it_was_written(tmp_path):
    lot = np.random.default_rng(0)
    crops = lot.integers(0, 256, (3, 4, 4, 128, 128), np.uint8)
    statistics, places = lot.normal(size=(3, 7)).astype(np.float32), lot.integers(0, 400, (3, 4, 2))
    views = lot.integers(0, 256, (3, 2, 224, 224), np.uint8)
    observations.write(tmp_path / "a.bin", (640, 360), [0.0, 0.5, 1.0], statistics, places, crops, views)
    seen = observations.read(tmp_path / "a.bin")
    assert seen.size == (640, 360) and seen.pictures == 12
    assert (seen.crops == crops).all() and (seen.views == views).all() and (seen.statistics == statistics).all() and (seen.places == places).all()


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b"\x01" + b[1:], lambda b: b[:20], lambda b: b""])
def test_a_damaged_observation_is_refused(tmp_path, change):
    statistics, places, crops = np.zeros((1, 3), np.float32), np.zeros((1, 2, 2)), np.zeros((1, 2, 4, 128, 128))
    observations.write(tmp_path / "a.bin", (64, 64), [0.0], statistics, places, crops, np.zeros((1, 2, 224, 224)))
    (tmp_path / "a.bin").write_bytes(change((tmp_path / "a.bin").read_bytes()))
    with pytest.raises(ValueError):
        observations.read(tmp_path / "a.bin")


def test_exported_trees_give_what_the_library_gives(held):
    lot = np.random.default_rng(2)
    model = trees.train(held, held.column("part") == "train", (6, 30))
    ensemble = json.loads(json.dumps(trees.exported(model, held.names)))
    rows = lot.normal(0.7, 2, (200, 5))
    rows[::7, 1] = np.nan
    assert trees.disagreement(model, ensemble, rows) < 1e-6
    assert len({round(trees.evaluate(ensemble, row), 6) for row in rows.tolist()}) > 20


def test_inner_nodes_hold_the_mean_of_their_children(held):
    model = trees.train(held, held.column("part") == "train", (6, 5))
    for tree in trees.exported(model, held.names)["trees"]:
        for node, feature in enumerate(tree["feature"]):
            if feature >= 0:
                children = sorted(tree["value"][tree[side][node]] for side in ("left", "right"))
                assert children[0] <= tree["value"][node] <= children[1]


def test_out_of_fold_scores_exist_for_the_training_part_only(held):
    scores = folds.out_of_fold(
        held, lambda chosen: trees.train(held, chosen, (6, 10)), lambda model, chosen: trees.log_odds(model, held, chosen)
    )
    assert (np.isnan(scores) == (held.of("part") != "train")).all()


def test_weights_balance_classes_and_sources(held):
    chosen = held.column("kind") == "clip"
    weight = features.weights(held.versions, chosen, features.SHARES)
    y, source = features.target(held.versions), held.column("source")
    assert weight[y == 1].sum() == pytest.approx(weight[y == 0].sum())
    sums = [weight[chosen & (source == name)].sum() for name in set(source[chosen & (held.column("label") == "camera")])]
    assert max(sums) == pytest.approx(min(sums))


def test_area_under_the_curve_is_that_of_all_comparisons():
    lot = np.random.default_rng(3)
    positive, negative = lot.integers(0, 6, 40).astype(float), lot.integers(0, 5, 30).astype(float)
    compared = np.mean([(a > b) + 0.5 * (a == b) for a in positive for b in negative])
    assert figures.auc(positive, negative) == pytest.approx(compared)
    assert figures.auc(positive, negative, np.full(40, 3.0), np.full(30, 0.1)) == pytest.approx(compared)


def test_interval_widens_when_there_are_fewer_sources():
    lot = np.random.default_rng(4)
    y = np.repeat([0, 1], 200)
    centre = lot.normal(0, 1, 400)
    spans = []
    for count in (4, 100):
        source = np.arange(400) % count
        z = y * 0.8 + np.array([centre[s] for s in source]) + lot.normal(0, 0.3, 400)
        _, low, high = figures.interval(lambda k, z=z: figures.auc(z[k][y[k] == 1], z[k][y[k] == 0]), source, y, 200)
        spans.append(high - low)
    assert spans[0] > spans[1]


def test_perfect_calibration_has_no_error_and_shifted_has():
    lot = np.random.default_rng(5)
    p = lot.random(20000)
    y = (lot.random(20000) < p).astype(int)
    assert figures.calibration_error(p, y) < 0.02
    assert figures.calibration_error(np.clip(p + 0.3, 0, 1), y) > 0.1


def test_conformal_threshold_holds_for_clips_of_new_sources():
    lot, accused = np.random.default_rng(6), []
    for _ in range(400):
        centres = lot.normal(0, 1, 61)
        sources = np.repeat(np.arange(60), lot.integers(1, 9, 60))
        values = centres[sources] + lot.normal(0, 0.5, len(sources))
        threshold = fuse.pooled_quantile(values, sources, 0.1)
        accused.append(centres[60] + lot.normal(0, 0.5) > threshold)
    assert 0.06 < np.mean(accused) < 0.14


def test_with_too_few_sources_nothing_may_be_accused():
    assert fuse.pooled_quantile(np.arange(10.0), np.arange(10), 0.02) == float("inf")


def test_a_precise_threshold_is_the_least_whose_answers_are_right_often_enough():
    z, y = np.array([5.0, 4, 4, 3, 2, 1, 0]), np.array([1, 1, 0, 1, 1, 0, 0])
    flat = np.ones(len(z))
    assert fuse.precise(z, y, flat, 1.0) == 5
    # Above 2 there are four of four of class 1 and one of three of the other: 1/2 of 1/2 + 1/6.
    assert fuse.precise(z, y, flat, 0.74) == 2
    # With less weight on the wrong one above, more is let through.
    assert fuse.precise(z, y, np.where(np.arange(7) == 2, 0.01, 1.0), 0.99) == 2
    assert fuse.precise(np.array([2.0, 1.0]), np.array([0, 1]), np.ones(2), 0.9) == float("inf")



def test_fusion_ignores_an_expert_that_points_the_wrong_way():
    lot = np.random.default_rng(7)
    y = np.repeat([0, 1], 300)
    x = np.stack([y * 2 + lot.normal(size=600), -y + lot.normal(size=600)], axis=1)
    weights, _ = fuse.logistic(x, y, np.full(600, 1 / 600))
    assert weights[0] > 0.5 and weights[1] == 0


def test_haar_bands_are_undone_and_a_swap_moves_diagonals_alone():
    lot = torch.Generator().manual_seed(0)
    a, b = torch.rand(4, 96, 96, generator=lot), torch.rand(4, 96, 96, generator=lot)
    assert torch.allclose(batches.unhaar(*batches.haar(a)), a, atol=1e-5)
    mixed = batches.swapped(a, b)
    for own, camera, redrawn in zip(batches.haar(mixed)[1:], batches.haar(a)[1:], batches.haar(b)[1:], strict=True):
        assert torch.allclose(own, camera, atol=1e-5) or torch.allclose(own, redrawn, atol=1e-5)
    assert torch.allclose(batches.haar(mixed)[3], batches.haar(b)[3], atol=1e-5)


def test_batches_repeat_by_step_and_pair_a_window_with_its_reconstruction(held):
    drawn = batches.Batches(held, held.column("part") == "train", 1)
    first, y, masks = drawn.draw(5)
    again, *_ = batches.Batches(held, held.column("part") == "train", 1).draw(5)
    assert torch.equal(first, again) and not torch.equal(first, drawn.draw(6)[0])
    assert masks.shape == (batches.MOSAICS, 6, 6) and len(first) == len(y) + batches.MOSAICS
    assert y[: batches.PAIRS].sum() == 0 and y[batches.PAIRS : 2 * batches.PAIRS].min() == 1
    for pairs in drawn.pairs.values():
        for a, b in pairs:
            one, other = (held.versions[held.version[row // held.each]] for row in (a, b))
            assert one["tuple"] == other["tuple"] and one["kind"] == "window" and other["kind"] == "redrawn"


def test_a_fold_sees_neither_its_clips_nor_its_autoencoder(held):
    for fold in (0, 1, 2, 3, -1):
        for index in np.flatnonzero(expert.chosen(held, fold)):
            version = held.versions[index]
            assert version["part"] == "train" and version["fold"] != fold and version.get("vae") != expert.left_out(fold)
    assert {expert.left_out(fold) for fold in (0, 1, 2, 3, -1)} == set(plan.AUTOENCODERS)


@pytest.mark.parametrize("name", networks.EXPERTS)
def test_an_expert_learns_resumes_and_is_exported(held, tmp_path, name):
    torch.set_num_threads(1)
    model = expert.trained(held, tmp_path, name, -1, 8.0)
    again = expert.trained(held, tmp_path, name, -1, 8.0)
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), again.state_dict().values(), strict=True))
    assert 100_000 < sum(p.numel() for p in model.parameters()) < 400_000
    worst, _ = export.onnx(model, tmp_path / "a.onnx", held)
    assert worst < 1e-4
    scores = expert.log_odds(model, held, held.column("part") == "test")
    y = features.target(held.versions)[held.version]
    test = ~np.isnan(scores)
    assert figures.auc(scores[test & (y == 1)], scores[test & (y == 0)]) > 0.8


@pytest.mark.parametrize("name", networks.EXPERTS)
def test_brightness_alone_moves_no_expert(name):
    torch.manual_seed(0)
    model = networks.EXPERTS[name]().eval()
    crops = torch.rand(2, 4, 128, 128) * 100
    # Zero padding shows at the borders of the filters, so the crop's middle is compared.
    a, b = model.heat(crops)[:, 3:5, 3:5], model.heat(crops + 40)[:, 3:5, 3:5]
    assert torch.allclose(a, b, atol=1e-3)


def test_a_budget_is_taken_up_where_it_ended(tmp_path):
    layer = torch.nn.Linear(2, 1)
    first = budget.Budget(tmp_path, "a", 100.0, 1e-3)
    first.record(1.0, model=layer)
    first.save(model=layer)
    second = budget.Budget(tmp_path, "a", 100.0, 1e-3)
    second.resume(model=layer)
    assert second.step == 1 and second.seconds() >= first.before


def test_same_footage_is_found_and_other_is_not():
    lot = np.random.default_rng(8)
    base = [np.kron(lot.normal(128, 60, (8, 8)), np.ones((4, 4))) for _ in range(6)]

    def views(pictures):
        flat = np.array([(p - p.mean()).ravel() / p.std() for p in pictures], np.float32)
        return hashes.Views(flat, np.array([hashes.dct_hash(p) for p in pictures], np.uint64))

    noisy = base[0] + lot.normal(0, 6, base[0].shape)
    found = hashes.same_footage([views([base[0], base[1]]), views([base[2]]), views([noisy]), views([base[3]])])
    assert [(a, b) for a, b, _ in found] == [(0, 2)]


def test_what_shares_a_page_or_footage_is_one_group():
    rows = [{"source": s, "repo": r} for s, r in (("a", "p"), ("b", "p"), ("c", "q"), ("d", "r"), ("rave", "x"), ("fresco", "y"))]
    names = groups.grouped(rows, [(1, 2, 0.99)])
    assert names[0] == names[1] == names[2] != names[3]
    assert names[4] == names[5]


def test_parts_share_no_group_and_have_about_their_share():
    lot = random.Random(9)
    rows = {f"g{k}": [{"label": "camera", "family": "camera", "source": f"g{k}"}] * lot.randint(1, 6) for k in range(120)}
    chosen = split.drawn(rows)
    total = sum(len(r) for r in rows.values())
    for part, share in split.SHARES.items():
        got = sum(len(rows[name]) for name, (own, _) in chosen.items() if own == part) / total
        assert abs(got - share) < 0.04
    assert {fold for part, fold in chosen.values() if part == "train"} == set(range(split.FOLDS))


def test_chains_are_drawn_from_the_clip_alone_and_keep_sides_judgeable():
    for number in range(200):
        steps = chains.drawn(plan.lot_of("x", number), 256, 256, 24)
        assert steps == chains.drawn(plan.lot_of("x", number), 256, 256, 24)
        for filters in steps[0]["filters"]:
            if filters.startswith("scale=") and "trunc" not in filters:
                assert min(int(side) for side in filters[6:].split(":")[:2]) >= chains.LEAST_SIDE - 2


def test_missing_weights_of_an_autoencoder_are_said_before_anything_is_made(tmp_path, monkeypatch):
    (tmp_path / "plan.jsonl").write_text(json.dumps({"id": "a", "kind": "redrawn", "vae": "taesd", "part": "train", "file": "x.mp4"}) + "\n")
    monkeypatch.setattr(sys, "argv", ["variants.py", str(tmp_path), str(tmp_path), str(tmp_path / "none"), "1"])
    with pytest.raises(SystemExit, match="none lacks taesd_encoder"):
        variants.main()


def test_camera_clips_are_cut_to_the_shapes_of_generated_ones():
    generated = {"label": "generated", "part": "train", "source": "g", "width": 256, "height": 256, "frames": 16}
    shapes = plan.Shapes([generated])
    crop, thin, pictures = shapes.crop(plan.lot_of(1), {"label": "camera", "width": 854, "height": 480, "frames": 51})
    assert crop[2:] == [256, 256] and thin == 3 and pictures == 16
    assert shapes.crop(plan.lot_of(1), generated)[0] == [0, 0, 256, 256]


def test_whole_pictures_of_camera_clips_take_the_shapes_of_generated_ones(tmp_path):
    generated = {"label": "generated", "part": "train", "source": "g", "width": 320, "height": 256, "frames": 16}
    row = {"file": "clips/camera/a.mp4", "label": "camera", "family": "camera", "source": "c", "group": "c", "part": "train", "fold": 0, "year": ""}
    row |= {"width": 270, "height": 480, "frames": 51}
    (tmp_path / "whole.csv").write_text("file,width,height,frames\nclips/camera/a.mp4,480,852,51\n")
    held = plan.with_wholes([row, row | {"file": "clips/camera/b.mp4"}], tmp_path)
    assert [version["chain"] for version in plan.trained(held[0], plan.Shapes([generated])) if version.get("whole")] == ["whole0", "whole1"]
    assert not any(version.get("whole") for version in plan.trained(held[1], plan.Shapes([generated])))
    version = plan.shrunk(held[0], plan.Shapes([generated]), "whole0") | {"id": "v", "steps": plan.shrunk(held[0], plan.Shapes([generated]), "whole0")["steps"][:1]}
    path = more.whole(tmp_path / "clips" / "camera" / "a.mp4")
    path.parent.mkdir(parents=True)
    drawn(path, "480x852", 30)
    (tmp_path / "versions").mkdir()
    variants.made(version, tmp_path / "clips", tmp_path, tmp_path)
    assert more.probed(tmp_path / "versions" / "v.mkv")[:2] == (256, 320)


def drawn(path, size: str, rate: int):
    source = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration=1.7"]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *source, "-pix_fmt", "yuv420p", str(path)], check=True)


def test_of_a_camera_clip_that_is_cut_the_whole_picture_is_kept_too(tmp_path):
    repository = tmp_path / "repository"
    repository.mkdir()
    drawn(repository / "a.mp4", "1280x720", 10)
    drawn(repository / "b.mp4", "640x360", 10)
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    for name, label in (("a", "camera"), ("a", "generated"), ("b", "camera")):
        out = tmp_path / "clips" / label / f"{name}.mp4"
        more.cut({"commit": commit, "src_path": f"{name}.mp4", "crop": "", "label": label}, repository, out)
        assert more.probed(out)[:2] == ((854, 480) if name == "a" else (640, 360))
        assert more.whole(out).exists() == (name == "a" and label == "camera") or label == "generated"
        if label == "camera" and name == "a":
            assert more.probed(more.whole(out))[:2] == (1280, 720)
            more.whole(out).unlink()
    assert not list((tmp_path / "clips" / "whole").iterdir())


def test_a_peer_is_measured_on_the_clips_on_which_the_detector_is(tmp_path, held):
    judged = protocols.Judged(held, *(np.zeros(len(held.versions)) for _ in range(2)), None, {"generated_at_least": 0.9, "camera_at_most": 0.1}, np.zeros(1) > 0)
    y = features.target(held.versions)
    said = {version["id"]: 0.7 + index / 1e6 if y[index] == 1 else 0.6 - index / 1e6 for index, version in enumerate(held.versions)}
    synthetic.write(tmp_path / "state", tmp_path, held)
    rows = {row["figure"]: row for row in peers.compared("x", 0.65, said, judged, tmp_path)}
    assert {"P1 native", "P2 native", "P4 crf28", "P4 social", "P6 ECE", "P6 camera accused"} <= rows.keys()
    assert float(rows["P1 native"]["value"]) == float(rows["P2 native"]["value"]) == 1 and float(rows["P1 native"]["traces"]) == 0.5
    assert float(rows["P6 camera accused"]["value"]) == 0 and float(rows["P6 ECE"]["value"]) == pytest.approx(0.45, abs=0.01)
    # One that has nothing to say of some clips is measured on the others alone, and so is what it is compared with.
    camera = [version["id"] for version in held.versions if version["label"] == "camera"]
    fewer = {row["figure"]: row for row in peers.compared("x", 0.5, {key: said[key] for key in said if key not in camera[len(camera) // 2 :]}, judged, tmp_path)}
    assert int(fewer["P1 native"]["clips"]) < int(rows["P1 native"]["clips"]) and float(fewer["P6 camera accused"]["value"]) == 1


def test_a_peer_is_asked_once_of_four_pictures_of_each_clip(tmp_path):
    drawn(tmp_path / "a.mp4", "64x64", 10)
    asks = tmp_path / "asked"
    program = f"import sys; held = sys.stdin.read().split(); open({str(asks)!r}, 'a').write(str(len(held)))\nfor p in held: print('nan' if p.endswith('-1.png') else 0.25)"
    (tmp_path / "peer.py").write_text(program)
    wanted = [{"id": "v", "kind": "clip", "steps": [], "file": "a.mp4"}]
    one = {"p": f"{sys.executable} {tmp_path / 'peer.py'}"}
    assert peers.asked(one, wanted, tmp_path / "clips", tmp_path) == {"p": {"v": 0.25}}
    # A second peer is asked of the same pictures, and the first not again.
    assert peers.asked(one | {"other": one["p"]}, wanted, tmp_path / "clips", tmp_path) == {"p": {"v": 0.25}, "other": {"v": 0.25}}
    assert asks.read_text() == "44"
    with pytest.raises(SystemExit, match="said 0 numbers of 4 pictures"):
        peers.asked({"q": "true"}, wanted, tmp_path / "clips", tmp_path)
    with pytest.raises(SystemExit, match="ended with 1: no weights"):
        peers.asked({"r": "sh -c 'echo no weights >&2; exit 1'"}, wanted, tmp_path / "clips", tmp_path)


def test_a_patch_is_in_a_box_by_the_share_that_it_covers():
    share = localise.covered((0, 0), [16, 0, 24, 16], 128, 8)
    assert share[0, 1] == 1 and share[0, 2] == pytest.approx(0.5) and share.sum() == pytest.approx(1.5)


def test_from_features_to_a_card_whose_figures_are_those_measured(tmp_path, monkeypatch, held):
    state, detectors = tmp_path / "state", tmp_path / "detectors"
    out = detectors / "traces"
    out.mkdir(parents=True)
    synthetic.write(state, detectors, held)
    monkeypatch.setattr(trees, "SIZES", [(6, 30)])
    monkeypatch.setattr(protocols, "interval", lambda *a: figures.interval(*a, rounds=20))
    monkeypatch.setattr(familiar, "STRANGE", 0.2)
    arguments = {trees: [state, out], familiar: [state, out], fuse: [state, out], protocols: [tmp_path, detectors, state, out], card: [detectors, state, out]}
    for step, given in arguments.items():
        monkeypatch.setattr("sys.argv", ["", *map(str, given)])
        if step is fuse:
            for name in networks.EXPERTS:
                expert.run(name, state, out, 3.0, 1.0)
        step.main()
    with (out / "results" / "protocols.csv").open() as file:
        measured = {row["figure"]: row for row in csv.DictReader(file)}
    assert protocols.BARS.keys() <= measured.keys()
    assert float(measured["strange, camera"]["value"]) < 0.5 and (out / "familiar.json").exists()
    assert all(float(measured[name]["value"]) > 0.8 for name in ("P1 native", "P3", "P8"))
    # What the networks learn in a second is not asserted here; that they learn is, above.
    assert float(measured["P9"]["value"]) > 0.7 and 0 <= float(measured["P10"]["value"]) <= 1
    assert 0.3 < float(measured["P12 thumbnail, native"]["value"]) < 0.7
    written = tomllib.loads((out / "card.toml").read_text())
    assert {row["name"] for row in written["figure"]} == measured.keys()
    assert written["data"]["train"]["camera"]["sources"] == 7
    before = (out / "card.toml").read_text()
    for step, given in arguments.items():
        monkeypatch.setattr("sys.argv", ["", *map(str, given)])
        step.main()
    assert (out / "card.toml").read_text() == before, "steps that are done change nothing"
    fusion = json.loads((out / "fusion.json").read_text())
    assert fusion["experts"] == ["statistics", "spatial", "temporal"] and 0 <= fusion["camera_at_most"] <= fusion["generated_at_least"] <= 1
    assert np.isfinite(scores.load(state, "spatial")).all()


def test_a_mosaic_holds_of_each_picture_what_its_mask_says():
    camera, redrawn = torch.zeros(4, 96, 96), torch.ones(4, 96, 96)
    shares = []
    for number in range(40):
        made, mask = batches.mosaic(np.random.default_rng(number), camera, redrawn)
        assert torch.equal(made[2, ::16, ::16], mask) and torch.equal(made, torch.kron(mask, torch.ones(16, 16)).expand(4, 96, 96))
        shares.append(float(mask.mean()))
    assert 0 < min(shares) and max(shares) < 1 and 0.4 < np.mean(shares) < 0.6


def sized(rows):
    return [row | {"width": 320, "height": 240, "frames": 40} for row in rows]


def test_what_lies_where_nothing_was_fitted_is_far():
    lot = np.random.default_rng(3)
    known = lot.normal(size=(400, 5)) @ lot.normal(size=(5, 5))
    model = familiar.fitted(known, np.ones(400))
    near, far = familiar.distance(model, known), familiar.distance(model, known + 6 * np.abs(known).max())
    assert 0.8 < np.median(near) < 1.2 and far.min() > near.max()


def test_gathered_clips_are_trained_on_and_change_nothing_of_what_was_drawn():
    rows = sized(synthetic.rows(28))
    gathered = [row | {"file": f"clips/more{number}.mp4", "source": f"new{number}"} for number, row in enumerate(rows) if row["part"] == "train"]
    alone, both = plan.versions(rows), plan.versions(rows, gathered)
    added = [version for version in both if version["file"].startswith("clips/more")]
    assert [version for version in both if version not in added] == alone
    assert {version["part"] for version in added} == {"train"} and len({version["file"] for version in added}) == len(gathered)


def test_gathered_groups_have_a_fold_of_their_own_and_the_newest_that_of_the_newest():
    groups = {f"g{number}": [{"year": "older"}] for number in range(40)} | {"late": [{"year": "older"}, {"year": "newest"}]}
    folds = more.folds(groups)
    assert folds["late"] == more.NEWEST_FOLD == expert.NEWEST_FOLD
    assert set(folds.values()) == set(range(split.FOLDS)) and folds == more.folds(dict(reversed(groups.items())))


def test_the_map_of_appearance_tells_what_its_numbers_tell_and_survives_the_export(held, tmp_path):
    state, out = tmp_path / "state", tmp_path / "out"
    out.mkdir()
    synthetic.write(state, tmp_path, held)
    numbers = appearance.numbers(held, state)
    assert numbers.shape == (len(held.views), 2 * 2 * sum((16, 24, 40, 80, 112, 192, 320, 1280)))
    (state / "features" / "appearance.done").write_text("8")
    again = appearance.numbers(held, state)
    assert (again == numbers).all(), "taken up where it was stopped"
    part = held.column("part")
    model = appearance.fitted(held, numbers, part == "train", (16, 1e-3))
    told = appearance.log_odds(model, held, numbers, part == "test")
    assert (np.isnan(told) == (held.of("part") != "test")).all()
    rows = (held.of("part") == "test") & (held.of("kind") == "clip")
    y = features.target(held.versions)[held.version]
    # Generated pictures have less noise, which photographs' networks see.
    assert figures.auc(told[rows & (y == 1)], told[rows & (y == 0)]) > 0.95
    assert appearance.onnx_of(model, out / "appearance.onnx", held, numbers) < 0.05
    assert 6e6 < (out / "appearance.onnx").stat().st_size < 8e6
