# syntax=docker/dockerfile:1

FROM rust:1.95-slim-bookworm AS build
# aws-lc, the cryptography behind TLS, is C: a compiler, its headers, cmake.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates cmake gcc g++ libc6-dev make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# Dependencies and their artefacts live in caches that outlast a change of
# source, and no layer holds them.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --package stow --bin stow --package drydock --bin drydock \
    && install -D target/release/stow /out/usr/local/bin/stow \
    && install -D target/release/drydock /drydock/usr/local/bin/drydock
# The few libraries that the binary names, the loader among them; the CA roots
# that AWS's certificates are checked against; and a name for the user.
RUN ldd /out/usr/local/bin/stow | grep -o '/[^ ]*' \
        | while read -r library; do install -D "$library" "/out$library"; done \
    && install -D /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt \
    && echo 'stow:x:65532:65532::/:/sbin/nologin' >/out/etc/passwd

# `docker build --target drydock -t drydock:0.1.0 .`: RDS for a development
# cluster, with the PostgreSQL that runs in it.
FROM debian:bookworm-slim AS drydock
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 65532 --user-group --no-create-home drydock
COPY --from=build /drydock /
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/drydock"]

# No shell, no package manager: what is not there has no flaws.
FROM scratch
COPY --from=build /out /
# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/stow"]
CMD ["run"]
