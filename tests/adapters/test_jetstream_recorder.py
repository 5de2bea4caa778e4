"""The library's own contract, subclassed unchanged, on the real broker.

Of the factory's cases those for tracking and process recorders cannot apply, since JetStream holds
no tracking: here they assert the refusal, with the library's own error.
"""

from collections.abc import Callable
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactoryError,
    OperationalError,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    InfrastructureFactoryTestCase,
    NonInterleavingNotificationIDsBaseCase,
)
from eventsourcing.utils import Environment

from adapters.jetstream import (
    Factory,
    JetStreamAggregateRecorder,
    JetStreamApplicationRecorder,
    JetStreamFactory,
)
from tests.conftest import Broker

# The base cases are imported for subclassing; pytest must not collect them by themselves.
COLLECTED_BASES = (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    InfrastructureFactoryTestCase,
    NonInterleavingNotificationIDsBaseCase,
)
for base in COLLECTED_BASES:
    base.__test__ = False  # pyright: ignore[reportAttributeAccessIssue] read by pytest


class OnJetStream:
    """A factory for a town nobody else has."""

    factory: JetStreamFactory
    environment: Callable[[], Environment]

    @pytest.fixture(autouse=True)
    def _on_the_broker(self, broker: Broker) -> Any:
        def environment() -> Environment:
            variables = {
                "PERSISTENCE_MODULE": "adapters.jetstream",
                "JETSTREAM_URL": broker.url,
                "JETSTREAM_USER": "writer",
                "JETSTREAM_PASSWORD": broker.passwords["writer"],
                "JETSTREAM_STEWARD_PASSWORD": broker.passwords["steward"],
                "JETSTREAM_TOWN": f"t{uuid4().hex[:12]}",
            }
            return Environment(env=variables)

        self.environment = environment
        self.env = environment()
        self.factories: list[JetStreamFactory] = []
        yield
        for factory in self.factories:
            factory.close()

    def new_factory(self) -> JetStreamFactory:
        factory = Factory(self.environment())
        self.factories.append(factory)
        return factory


class TestAggregateRecorder(OnJetStream, AggregateRecorderTestCase):
    __test__ = True

    def create_recorder(self) -> AggregateRecorder:
        return self.new_factory().aggregate_recorder()


class TestAggregateRecorderWithNames(TestAggregateRecorder):
    def new_originator_id(self) -> str:
        return f"école n° 3.{uuid4()}"


class TestApplicationRecorder(OnJetStream, ApplicationRecorderTestCase[ApplicationRecorder]):
    __test__ = True

    def create_recorder(self) -> ApplicationRecorder:
        return self.new_factory().application_recorder()

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()
        assert len(self.factories) == 1


class TestNonInterleaving(OnJetStream, NonInterleavingNotificationIDsBaseCase):
    __test__ = True

    def create_recorder(self) -> ApplicationRecorder:
        return self.new_factory().application_recorder()


class TestFactory(OnJetStream, InfrastructureFactoryTestCase[JetStreamFactory]):
    __test__ = True

    def expected_factory_class(self) -> type[JetStreamFactory]:
        return JetStreamFactory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return JetStreamAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return JetStreamApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return TrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return TrackingRecorder

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return ProcessRecorder

    def test_create_tracking_recorder(self) -> None:
        with pytest.raises(InfrastructureFactoryError, match="PostgreSQL"):
            self.factory.tracking_recorder()

    def test_create_process_recorder(self) -> None:
        with pytest.raises(InfrastructureFactoryError, match="PostgreSQL"):
            self.factory.process_recorder()

    def test_closing_twice_is_closing_once(self) -> None:
        self.factory.close()
        self.factory.close()
        assert self.factory.env is self.env

    def test_whoever_reads_while_it_is_closed_is_told_and_not_kept_waiting(self) -> None:
        recorder = self.factory.application_recorder()
        told: list[Exception] = []

        def read_for_ever() -> None:
            while True:
                try:
                    recorder.select_notifications(start=None, limit=10)
                except OperationalError as error:
                    told.append(error)
                    return

        readers = [Thread(target=read_for_ever, daemon=True) for _ in range(4)]
        for reader in readers:
            reader.start()
        self.factory.close()
        for reader in readers:
            reader.join(10)
        assert len(told) == 4
        with pytest.raises(OperationalError):
            recorder.max_notification_id()

    def test_a_missing_setting_is_named(self) -> None:
        del self.env["JETSTREAM_URL"]
        with pytest.raises(InfrastructureFactoryError, match="JETSTREAM_URL"):
            self.factory.application_recorder()
