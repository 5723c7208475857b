"""Docker, images and registries."""

from __future__ import annotations

from .entry import Entry

TITLE = "Docker and images"
ENTRIES = (
    Entry(
        word="docker",
        title="There is no Docker, or it does not answer",
        ours=(
            "There is no program … here, which an image needs (…).",
            "Docker does not answer to …: …",
        ),
        theirs=(
            "Cannot connect to the Docker daemon",
            "permission denied while trying to connect to the Docker daemon socket",
            "docker: command not found",
            "Is the docker daemon running?",
        ),
        means="Building an image (--df) and SSM_ENGINE=docker need Docker or a command that works like it. It is not "
        "installed, not started, or its socket is not for you.",
        do=(
            "Start it: sudo systemctl start docker, or Docker Desktop. docker ps must work.",
            "Your user must be in the group docker (and log in again), or use rootless Docker.",
            "Podman: SSM_DOCKER=podman.",
            "Without Docker: SSM_ENGINE=local, or on AWS --image_uri with an image that is in a registry already.",
        ),
        also="daemon socket podman engine container",
        page="docker.md",
    ),
    Entry(
        word="remote-docker",
        title="Docker's containers are on another machine",
        ours=("The containers of DOCKER_HOST=… are on another machine, and would not see this one's folders.",),
        means="Jobs in containers get folders of this machine. An engine elsewhere cannot mount them.",
        do=("unset DOCKER_HOST (or docker context use default), or run the job on AWS.",),
        also="DOCKER_HOST ssh tcp context",
        page="docker.md",
        is_plain=True,
    ),
    Entry(
        word="build",
        title="The image could not be built",
        ours=("… failed with status …: … This repeats it: …", "Only a folder's files can be copied: …"),
        theirs=("failed to solve", "The command '/bin/sh -c …' returned a non-zero code", "COPY failed"),
        means=(
            "A step of the Dockerfile failed; its output is above. The last line of the message repeats the "
            "build, so that you can try changes by hand."
        ),
        do=(
            "COPY needs files: give --df the folder that has them, not the file or its text.",
            "No space: docker system df, docker system prune.",
            "No network in the build: --build-arg and the like go into SSM_DOCKER_BUILD.",
        ),
        also="dockerfile build docker",
        page="images.md",
    ),
    Entry(
        word="build-again",
        title="The image has to be built again",
        ours=(
            "… changed while its image was built, so the image's content is unknown.",
            "The image was built, and … does not show it: the builder in use keeps its images to itself.",
        ),
        means=(
            "Either the folder was written to during the build, or the builder in use (docker buildx) does not "
            "load its images into Docker."
        ),
        do=("Run again.", "docker buildx use default chooses the builder that shows its images."),
        also="buildx builder",
        page="images.md",
        is_plain=True,
    ),
    Entry(
        word="platform",
        title="The image is for another processor",
        ours=("The image was built for …, and the job's machines need ….",),
        theirs=("exec format error", "no matching manifest for linux/…", "does not match the detected host platform"),
        means="An image has programs for one kind of processor: amd64 (Intel, AMD) or arm64 (Apple, Graviton).",
        do=(
            "Name a base that has the platform: --df 'FROM --platform=linux/amd64 python:3.12-slim'.",
            "Build with BuildKit and emulation: docker run --privileged --rm tonistiigi/binfmt --install all.",
        ),
        also="arm64 amd64 apple silicon m1 graviton architecture",
        page="images.md",
    ),
    Entry(
        word="push",
        title="The image could not be pushed to ECR",
        ours=("The image could not be pushed.", "… was pushed, and ECR does not have it."),
        theirs=("no basic auth credentials", "denied: Your authorization token has expired", "unexpected status: 403"),
        means="The upload broke off, or you may not push. Layers that arrived stay there, and are not sent again.",
        do=(
            "Run again.",
            "The five ecr: actions that are needed are in the message and in docs/aws.md.",
        ),
        also="ecr registry upload login",
        page="images.md",
    ),
    Entry(
        word="registry-limit",
        title="A public registry limits pulls",
        theirs=("toomanyrequests", "You have reached your pull rate limit"),
        means="Docker Hub counts pulls by address, and in CI many share one.",
        do=("docker login, or name the same image at public.ecr.aws/docker/library/NAME.",),
        also="docker hub rate limit pull",
        page="images.md",
    ),
    Entry(
        word="no-images",
        title="This engine has no images",
        ours=(
            "… builds an image, and jobs as processes of this machine have none.",
            "… runs the image's own program, and jobs as processes of this machine have no images.",
            "The image … would have to be built, and this engine has no images.",
        ),
        means="With SSM_ENGINE=local and --it local jobs run with this machine's own Python and packages.",
        do=(
            "In containers: SSM_ENGINE=docker, with the same options.",
            "As processes: leave --df and --image_uri out; -d requirements.txt installs packages.",
        ),
        also="docker_file image_uri local df",
        page="docker.md",
        is_plain=True,
    ),
    Entry(
        word="container",
        title="A container of the job cannot be made",
        ours=("a container of … cannot be made: …", "a network for the containers of the job cannot be made: …"),
        theirs=("Pool overlaps with other one on this address space", "all predefined address pools have been fully"),
        means="Docker refused it; its own words are at the end of the message.",
        do=(
            "Remove networks that nobody uses: docker network prune.",
            "With GPUs: the NVIDIA container toolkit must be installed (docker run --gpus all … nvidia-smi).",
        ),
        also="docker network gpu create",
        page="docker.md",
    ),
)
