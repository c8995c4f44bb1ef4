# The sidecar in a container: docker build -t outrigger . && docker run --rm -p 127.0.0.1:4141:4141 outrigger
FROM node:26.10.0-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM node:26.10.0-bookworm-slim AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force

FROM node:26.10.0-bookworm-slim
# Nothing is installed in what runs.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn* /usr/local/bin/yarn* \
  && mkdir -p /var/lib/outrigger && chown node:node /var/lib/outrigger
WORKDIR /app
ENV NODE_ENV=production OUTRIGGER_CONFIG=/etc/outrigger/outrigger.yaml
COPY --from=packages /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json LICENSE ./
COPY bin bin
COPY config config
COPY docker/outrigger.yaml /etc/outrigger/outrigger.yaml
# By its number, so that Kubernetes can tell that it is not root.
USER 1000:1000
EXPOSE 4141 4142
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4142/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# It takes SIGTERM by itself and has no children, so it may be the first process.
ENTRYPOINT ["node", "bin/outrigger.js"]
CMD ["start"]
