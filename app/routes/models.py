"""GET /models: which versions there are, and what became of each."""

from fastapi import APIRouter

from app.contract import NAME
from app.registry import Registry, VersionStatus
from app.schemas import ModelVersion, ModelVersions, describe_problems


def make_router(registry: Registry) -> APIRouter:
    """The route that says what is loaded."""
    router = APIRouter(tags=["Models"], responses=describe_problems({401: "A key is needed."}))

    @router.get("/models")
    async def models() -> ModelVersions:
        """Every version in the folder of models, highest first."""
        return ModelVersions(name=NAME, versions=[_describe(each) for each in registry.versions()])

    return router


def _describe(status: VersionStatus) -> ModelVersion:
    return ModelVersion(
        version=str(status.number),
        state=status.state,
        reason=status.reason,
        served=status.is_served,
        engine=status.facts.engine if status.facts else None,
        sha256=status.facts.sha256 if status.facts else None,
    )
