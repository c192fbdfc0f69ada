# One image for the backend and for every bot; docker-compose.yml says which runs what.
FROM node:22-bookworm-slim AS console
WORKDIR /console
COPY console/package.json console/package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY console/ ./
RUN npm run build

FROM python:3.11-slim-bookworm
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
