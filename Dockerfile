# The binary holds its time zones, its root certificates and its templates:
# the image holds the binary.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make static && mkdir /data

FROM scratch
COPY --from=build /src/bin/infolettre /infolettre
# SQLite writes its files and its temporary ones here.
COPY --from=build --chown=65532:65532 /data /data
ENV TMPDIR=/data
USER 65532:65532
WORKDIR /data
VOLUME /data
ENTRYPOINT ["/infolettre"]
