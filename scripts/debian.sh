# Installs Debian packages. Sourced by the other scripts.

# install_packages PACKAGE…: installs those that are missing, and says which.
install_packages() {
    local package missing=() root=()
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "setup: missing ${missing[*]}: install them as root (there is no sudo here)" >&2
            return 1
        }
        root=(sudo)
    fi
    echo "setup: installing ${missing[*]}"
    "${root[@]}" apt-get update -qq || echo "setup: apt-get update failed, trying with the package lists that are here" >&2
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}
