# One image for every process of sentiq; docker-compose.yml says which of them a container runs.
# The RUN lines also work outside of a container: tests/deploy/test_image.py performs them in a clean folder.
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /srv/sentiq
COPY requirements/serve.txt requirements/
# No pip inside: what runs the service cannot install anything.
RUN python -m venv --without-pip /opt/sentiq && python -m pip --python /opt/sentiq/bin/python install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes -r requirements/serve.txt
COPY . .
# The root file system is read-only later on, so the byte code is written now.
RUN /opt/sentiq/bin/python -m compileall -q /srv/sentiq

FROM ${PYTHON_IMAGE} AS serve
ENV PATH=/opt/sentiq/bin:/srv/sentiq/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONUTF8=1
WORKDIR /srv/sentiq
COPY --from=build /opt/sentiq /opt/sentiq
COPY --from=build /srv/sentiq /srv/sentiq
# A number, so that an engine can see without looking it up that this is not root.
USER 10001:10001
EXPOSE 7860
CMD ["python", "-m", "gunicorn", "-c", "api/gunicorn_conf.py", "api.wsgi:app"]
