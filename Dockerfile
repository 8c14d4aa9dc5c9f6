# syntax=docker/dockerfile:1

# The builder and the image below are the same Debian: the binary links its libc.
FROM rust:1.95-slim-bookworm AS build
# aws-lc, the cryptography behind TLS, is C: a compiler, its headers, cmake.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends cmake gcc g++ libc6-dev make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# Dependencies and their artefacts live in caches that outlast a change of
# source, and no layer holds them.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --package stow --bin stow \
    && install -D target/release/stow /out/stow

# libc, libgcc and the CA roots that AWS's certificates are checked against: no
# shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/stow /usr/local/bin/stow
# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/stow"]
CMD ["run"]
