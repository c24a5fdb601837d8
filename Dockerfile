# The server in a container of its own. Over standard input and output, as a client starts it:
#
#   docker build -t latm-mcp .
#   docker run -i --rm -v latm:/data latm-mcp
#
# Over HTTP, for several clients, at http://localhost:8765/mcp. It listens beyond the container's own loopback, so it asks for a
# token. Under another name or port outside than localhost and 8765, name it in LATM_HTTP_HOSTS.
#
#   docker run --rm -v latm:/data -p 127.0.0.1:8765:8765 -e LATM_HTTP_TOKEN latm-mcp serve --http --host 0.0.0.0

FROM python:3.11-slim AS build
WORKDIR /source
COPY . .
# The wheel is built here, with the sandbox's interpreter; nothing that builds it stays in the image.
# It is the folder itself that is built, so there is no version to pin.
# hadolint ignore=DL3013
RUN pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.11-slim
# There is one of each, and nothing is fetched.
# hadolint ignore=DL3013
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels latm-mcp \
    && useradd --create-home --uid 10001 latm \
    && install -d -o latm -g latm /data
# By its number, so that a cluster can see that it is not root.
USER 10001
# A volume here keeps the library, and what the sandbox compiled, from one container to the next.
ENV LATM_HOME=/data/library LATM_CACHE=/data/cache
VOLUME /data
EXPOSE 8765
ENTRYPOINT ["latm-mcp"]
CMD ["serve"]
