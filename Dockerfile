# One file for two ways to a model: MODEL=pretrained takes models/ from the repository, MODEL=trained
# trains one here (RECIPE=…). The stage that is not asked for is not built.
ARG MODEL=pretrained

FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
WORKDIR /srv

# Environments without pip, so that the final image cannot install anything.
FROM base AS litert-environment
COPY requirements/serve.txt requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --require-hashes --only-binary :all: \
       --requirement requirements/serve.txt \
    # A third of the engine's wheel is for accelerators, a third of numpy's for its own tests; nothing
    # is compiled against these packages, nobody checks types in the image, and no AVIF is read.
    && cd /venv/lib/python3*/site-packages \
    && rm -r ai_edge_litert/*WebGpu* ai_edge_litert/tools ai_edge_litert/vendors \
       numpy/distutils numpy/f2py PIL/_avif* pillow.libs/libavif* \
    && find numpy -name tests -type d -prune -exec rm -r {} + \
    && find . '(' -name '*.py[ix]' -o -name '*.pxd' -o -name '*.[ch]' ')' -delete

FROM base AS tensorflow-environment
COPY requirements/tensorflow.txt requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --require-hashes --only-binary :all: \
       --requirement requirements/tensorflow.txt

FROM base AS training
COPY requirements/training.txt requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --require-hashes --only-binary :all: \
       --requirement requirements/training.txt
COPY app app
COPY training training
ARG RECIPE=production
# As `make train` has it: a step's large buffers are kept, and on huge pages.
ENV GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=8589934592
# data/ stands where the cache is looked for: what it holds is used, the rest is fetched.
RUN --mount=type=bind,source=data,target=/root/.cache/alexnet-digits \
    python -m training run --recipe "$RECIPE" --models /srv/models --runs /tmp/runs

FROM scratch AS model-pretrained
COPY models /srv/models

FROM scratch AS model-trained
COPY --from=training /srv/models /srv/models

FROM model-${MODEL} AS model

FROM base AS runtime
COPY app app
# Nothing is installed from here on, so the base's own pip goes too.
RUN python3 -m compileall -q app \
    && python3 -c 'import pip, shutil; shutil.rmtree(pip.__path__[0])'
COPY --from=model /srv/models models
ENV HOST=0.0.0.0 PORT=8000
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health')"]
ENTRYPOINT ["python", "-m", "app"]

FROM runtime AS serve-tensorflow
COPY --from=tensorflow-environment /venv /venv
# TensorFlow looks for a place to write to when it is imported; the root has none.
ENV ENGINE=tensorflow TMPDIR=/dev/shm

FROM runtime AS serve
COPY --from=litert-environment /venv /venv
ENV ENGINE=litert
