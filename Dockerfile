# By version. A digest is missing, since none of this version could be confirmed (SECURITY.md).
FROM node:24.22.1-bookworm-slim AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json .npmrc ./
COPY lab/package.json lab/
COPY packages/client-typescript/package.json packages/client-typescript/
COPY packages/console/package.json packages/console/
COPY scripts/node/package.json scripts/node/
COPY packages/simulator/package.json packages/simulator/
RUN npm ci
COPY . .
# npm marks the command as executable where it installs the package; here nobody installs it.
RUN npm run build && chmod +x dist/cli.js

FROM base AS dependencies
COPY package.json package-lock.json .npmrc ./
COPY lab/package.json lab/
COPY packages/client-typescript/package.json packages/client-typescript/
COPY packages/console/package.json packages/console/
COPY scripts/node/package.json scripts/node/
COPY packages/simulator/package.json packages/simulator/
RUN npm ci --omit=dev --workspaces=false

FROM base
LABEL org.opencontainers.image.title="WXKF-Manager" \
      org.opencontainers.image.description="Verifies, opens and delivers the callbacks of WeCom customer service" \
      org.opencontainers.image.version="2.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
# HOST: inside a container loopback reaches nobody; who may connect is decided where the port is published. So it starts only
# with a role's secret, or with ALLOW_OPEN=true.
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=7777 \
    DATA_DIR=/data
# Everything else stays root's, so the service cannot change its own code.
RUN mkdir -p /data && chown 1000:1000 /data
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The commands for the shell: docker exec <container> wxkf-manager check.
RUN mkdir -p /usr/local/bin && ln -s /app/dist/cli.js /usr/local/bin/wxkf-manager
# As a number (the image's user node), which Kubernetes needs to see that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 7777
# Liveness only: a container that is not ready yet, or drains, must not be replaced for it.
# In node, because the slim image has no curl.
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((res) => process.exit(res.ok ? 0 : 1), () => process.exit(1))"]
# No shell and no npm in between: they would keep SIGTERM to themselves.
CMD ["node", "dist/main.js"]
