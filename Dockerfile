# One image for api, worker and migrate; docker-compose.yml says which it runs.
# Debian, not Alpine: Temporal's native part needs glibc.
# By digest: ops/image-digests.yml.
ARG NODE_IMAGE=node:22-bookworm-slim
FROM ${NODE_IMAGE} AS base
WORKDIR /app

# What runs. Made anew only when the packages change.
FROM base AS modules
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY scripts/prune-image.mjs ./
RUN node prune-image.mjs

# What builds. Its packages, too, are made anew only when they change.
FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM base
# Temporal's native part reads the system's certificates, and the slim image has none.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log
ENV NODE_ENV=production
COPY --from=modules /app/node_modules ./node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/dist ./dist
# docker build --build-arg REVISION="$(git rev-parse HEAD)"
ARG REVISION=
LABEL org.opencontainers.image.title="Belay" \
  org.opencontainers.image.description="Self-hosted notifications on Temporal that wait durably for each recipient" \
  org.opencontainers.image.version="0.1.0" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.base.name="node:22-bookworm-slim" \
  org.opencontainers.image.revision="$REVISION"
# The files stay root's: the process can read and not change them.
USER node
EXPOSE 4000
CMD ["node", "--max-semi-space-size=32", "dist/api/main.js"]
