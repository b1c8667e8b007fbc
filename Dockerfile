# One image for api, worker and migrate; docker-compose.yml says which it runs.
# Debian, not Alpine: Temporal's native part needs glibc.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:22-bookworm-slim
# Temporal's native part reads the system's certificates, and the slim image has none.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The files stay root's: the process can read and not change them.
USER node
EXPOSE 4000
CMD ["node", "--max-semi-space-size=32", "dist/api/main.js"]
