# The gateway as a container: Node, the production dependencies and the sources as they are.
FROM node:24.21.0-slim

# Live, so that the start stops until it is said how to sign in and who may call: with the emulator everybody who
# reaches the container acts as the same caller. For a trial set GRAPH_MODE=emulator.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 GRAPH_MODE=live

WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY schema ./schema
COPY resolvers ./resolvers
COPY src ./src

# All that is ever written: the store. With it as a volume the rest can be read-only.
RUN install -d -o 1000 -g 1000 -m 700 data
VOLUME /app/data

# The image's user `node`, by number, so that it can be seen not to be root.
USER 1000:1000

# Callers, and Graph's notifications where WEBHOOK_PUBLIC_URL is set.
EXPOSE 4000 4020
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 4000}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
