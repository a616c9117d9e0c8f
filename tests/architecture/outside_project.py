"""A project outside of the tree: the SDK installed into an empty prefix, and plugins built against that alone."""

import os
import pathlib
import subprocess

BUILD = pathlib.Path(os.environ.get("OMNIBROKER_BUILD", ""))
CMAKE = os.environ.get("OMNIBROKER_CMAKE", "cmake")


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


def install_sdk(prefix):
    """Installs the component `sdk` of this build: headers, the package, and the test host where it was built."""
    run(CMAKE, "--install", BUILD, "--prefix", prefix, "--component", "sdk")
    return prefix


def configure(source, build, prefix):
    sanitize = os.environ.get("OMNIBROKER_SANITIZE", "")
    flags = f"-fsanitize={sanitize} -fno-omit-frame-pointer" if sanitize else ""
    return run(CMAKE, "-S", source, "-B", build, "-G", os.environ.get("OMNIBROKER_GENERATOR", "Ninja"),
               "-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_PREFIX_PATH={prefix}",
               f"-DCMAKE_C_COMPILER={os.environ.get('OMNIBROKER_CC', 'cc')}",
               f"-DCMAKE_CXX_COMPILER={os.environ.get('OMNIBROKER_CXX', 'c++')}",
               f"-DCMAKE_C_FLAGS={flags}", f"-DCMAKE_CXX_FLAGS={flags}")


def build(source, build_folder, prefix):
    """Configures and builds, and answers the folder that the plugins are in."""
    configure(source, build_folder, prefix)
    run(CMAKE, "--build", build_folder)
    return build_folder / "plugins"
