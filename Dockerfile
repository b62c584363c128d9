# The image of the connector: Node.js and the bundle of the compiled sources with their dependencies.
#   docker build -t sqlflow/source-postgres .
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS compiled
WORKDIR /build
COPY package.json package-lock.json ./
# Without scripts: `prepare` needs the sources, and no dependency needs its install script
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.base.json spec.json ./
COPY scripts scripts
COPY assembly assembly
COPY src src
RUN npm run build:connector

FROM ${NODE_IMAGE}
# Airbyte's platform runs images as this user and mounts its files in these directories
RUN groupmod --new-name airbyte node \
    && usermod --login airbyte --comment airbyte --home /home/airbyte --move-home node \
    && install --directory --owner=airbyte --group=airbyte /airbyte /secrets /config /custom_cache \
    && chown airbyte:airbyte /tmp
COPY package.json LICENSE /airbyte/integration_code/
COPY --from=compiled /build/dist/main.js /build/dist/LICENSES.txt /airbyte/integration_code/dist/
COPY --from=compiled /build/dist/chunks /airbyte/integration_code/dist/chunks

ENV NODE_ENV=production
# Airbyte runs this command on Kubernetes in place of the entry point, so it must be equal to it
ENV AIRBYTE_ENTRYPOINT="node /airbyte/integration_code/dist/main.js"
ENTRYPOINT ["node", "/airbyte/integration_code/dist/main.js"]
WORKDIR /airbyte
USER airbyte

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL io.airbyte.name="sqlflow/source-postgres" \
      io.airbyte.version="${VERSION}" \
      org.opencontainers.image.title="source-postgres" \
      org.opencontainers.image.description="PostgreSQL source connector for the Airbyte protocol" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
