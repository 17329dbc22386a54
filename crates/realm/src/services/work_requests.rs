//! Work requests: the general service's, and Object Storage's own.

use std::time::Duration;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use keyferry_wire::Time;
use keyferry_wire::work_requests::{
    WorkRequest, WorkRequestError, WorkRequestLogEntry, WorkRequestResource, WorkRequestStatus,
    WorkRequestSummary,
};

use crate::call::{Call, Effect, Moment};
use crate::lists::{self, Listed};
use crate::mint;
use crate::records::{Outcome, WorkRequestRecord, WorkService};
use crate::refusal::Refusal;

impl WorkRequestRecord {
    /// A work request that was just accepted.
    pub(crate) fn accepted(
        moment: &Moment<'_>,
        service: WorkService,
        operation_type: &str,
        compartment_id: &str,
        resources: Vec<WorkRequestResource>,
        takes: Duration,
    ) -> Self {
        let id = match service {
            WorkService::General => moment.regional_id("coreservicesworkrequest", &[], &moment.seed),
            WorkService::Identity => {
                mint::ocid("identityworkrequest", &moment.region.realm(), None, &[], &moment.seed)
            }
            WorkService::Objects => mint::uuid(&moment.seed.child("work request")),
        };
        Self {
            id,
            region: moment.region,
            service,
            operation_type: operation_type.to_owned(),
            compartment_id: compartment_id.to_owned(),
            resources,
            time_accepted: moment.now,
            due: later(moment.now, takes),
            ended: None,
            errors: Vec::new(),
            log: vec![WorkRequestLogEntry {
                message: "The request was accepted.".to_owned(),
                timestamp: Time(moment.now),
            }],
        }
    }

    /// The same, done.
    #[must_use]
    pub(crate) fn succeeded(&self, now: Timestamp, message: &str) -> Self {
        let mut done = self.clone();
        done.ended = Some((now, Outcome::Succeeded));
        done.note(now, message);
        done
    }

    /// The same, failed.
    #[must_use]
    pub(crate) fn failed(&self, now: Timestamp, refusal: &Refusal) -> Self {
        let mut done = self.clone();
        done.ended = Some((now, Outcome::Failed));
        done.note(now, &refusal.message);
        done.errors.push(WorkRequestError {
            code: refusal.code.to_string(),
            message: refusal.message.clone(),
            timestamp: Time(now),
        });
        done
    }

    /// The same, called off.
    #[must_use]
    fn canceled(&self, now: Timestamp) -> Self {
        let mut done = self.clone();
        done.ended = Some((now, Outcome::Canceled));
        done.note(now, "The request was canceled.");
        done
    }

    /// Adds a line to the log.
    pub(crate) fn note(&mut self, now: Timestamp, message: &str) {
        self.log.push(WorkRequestLogEntry { message: message.to_owned(), timestamp: Time(now) });
    }

    fn status(&self, now: Timestamp) -> WorkRequestStatus {
        match (self.ended, self.service) {
            (Some((_, Outcome::Failed)), _) => WorkRequestStatus::Failed,
            (Some((_, Outcome::Canceled)), _) => WorkRequestStatus::Canceled,
            (Some((_, Outcome::Succeeded)), WorkService::General | WorkService::Identity) => {
                WorkRequestStatus::Succeeded
            }
            (Some((_, Outcome::Succeeded)), WorkService::Objects) => WorkRequestStatus::Completed,
            (None, _) if now > self.time_accepted => WorkRequestStatus::InProgress,
            (None, _) => WorkRequestStatus::Accepted,
        }
    }

    /// In proportion to the time it takes; never all of it before the end.
    fn percent_complete(&self, now: Timestamp) -> f32 {
        match self.ended {
            Some((_, Outcome::Succeeded)) => 100.0,
            Some((_, Outcome::Failed | Outcome::Canceled)) => 0.0,
            None => {
                let whole = self.due.duration_since(self.time_accepted).as_secs_f32().max(0.001);
                let gone = now.duration_since(self.time_accepted).as_secs_f32();
                (gone / whole * 100.0).clamp(0.0, 99.0).floor()
            }
        }
    }

    /// While it runs, the resources that it makes or changes are shown as in progress.
    fn resources(&self) -> Vec<WorkRequestResource> {
        let mut resources = self.resources.clone();
        if self.ended.is_none() {
            for resource in &mut resources {
                if matches!(resource.action_type.as_str(), "CREATED" | "UPDATED" | "WRITTEN" | "DELETED") {
                    "IN_PROGRESS".clone_into(&mut resource.action_type);
                }
            }
        }
        resources
    }

    fn view(&self, now: Timestamp) -> WorkRequest {
        let summary = self.summary(now);
        let is_inline = self.service == WorkService::Identity;
        WorkRequest {
            errors: if is_inline { self.errors.clone() } else { Vec::new() },
            logs: if is_inline { self.log.clone() } else { Vec::new() },
            id: summary.id,
            operation_type: summary.operation_type,
            status: summary.status,
            compartment_id: summary.compartment_id,
            resources: self.resources(),
            percent_complete: summary.percent_complete,
            time_accepted: summary.time_accepted,
            time_started: summary.time_started,
            time_finished: summary.time_finished,
        }
    }

    fn summary(&self, now: Timestamp) -> WorkRequestSummary {
        let status = self.status(now);
        WorkRequestSummary {
            id: self.id.clone(),
            operation_type: self.operation_type.clone(),
            time_started: (status != WorkRequestStatus::Accepted).then_some(Time(self.time_accepted)),
            status,
            compartment_id: self.compartment_id.clone(),
            percent_complete: self.percent_complete(now),
            time_accepted: Some(Time(self.time_accepted)),
            time_finished: self.ended.map(|(time, _)| Time(time)),
        }
    }
}

/// A moment that is `wait` later.
pub(crate) fn later(now: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok()).unwrap_or(Timestamp::MAX)
}

impl Listed for WorkRequestRecord {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.operation_type
    }
    fn time_created(&self) -> Timestamp {
        self.time_accepted
    }
}

fn named<'c>(call: &'c Call<'_>, service: WorkService) -> Result<&'c WorkRequestRecord, Refusal> {
    let found = call.world.work_requests.get(call.name(0));
    // Identity's are in every region, and the general service shows them as well.
    let is_here = |w: &&WorkRequestRecord| match w.service {
        WorkService::Identity => service == WorkService::General,
        own => own == service && w.region == call.region,
    };
    found.filter(is_here).ok_or_else(Refusal::absent)
}

pub(super) fn general(call: &Call<'_>) -> Result<Effect, Refusal> {
    Effect::json(&named(call, WorkService::General)?.view(call.now))
}

pub(super) fn of_objects(call: &Call<'_>) -> Result<Effect, Refusal> {
    Effect::json(&named(call, WorkService::Objects)?.view(call.now))
}

pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let compartment = call.required("compartmentId")?;
    call.check_compartment(compartment)?;
    let here = call.world.work_requests.values().filter(|w| {
        let is_here = match w.service {
            WorkService::General => w.region == call.region,
            WorkService::Identity => true,
            WorkService::Objects => false,
        };
        let resource = call.parameter("resourceId").or(call.parameter("resourceIdentifier"));
        is_here
            && w.compartment_id == compartment
            && resource.is_none_or(|wanted| w.resources.iter().any(|r| r.identifier == wanted))
    });
    let mut found: Vec<WorkRequestRecord> = here.cloned().collect();
    lists::sort(call, "NAME", &mut found)?;
    lists::page(call, &found, |w| w.summary(call.now))
}

pub(super) fn errors(call: &Call<'_>) -> Result<Effect, Refusal> {
    Effect::json(&named(call, WorkService::General)?.errors)
}

pub(super) fn list_of_objects(call: &Call<'_>) -> Result<Effect, Refusal> {
    let compartment = call.required("compartmentId")?;
    call.check_compartment(compartment)?;
    let here = call.world.work_requests.values().filter(|w| {
        w.region == call.region && w.service == WorkService::Objects && w.compartment_id == compartment
    });
    let mut found: Vec<WorkRequestRecord> = here.cloned().collect();
    lists::sort(call, "NAME", &mut found)?;
    lists::page(call, &found, |w| w.summary(call.now))
}

pub(super) fn errors_of_objects(call: &Call<'_>) -> Result<Effect, Refusal> {
    Effect::json(&named(call, WorkService::Objects)?.errors)
}

pub(super) fn log_of_objects(call: &Call<'_>) -> Result<Effect, Refusal> {
    Effect::json(&named(call, WorkService::Objects)?.log)
}

/// A work request that has neither ended nor been called off.
pub(super) fn running<'m>(moment: &'m Moment<'_>, id: &str) -> Option<&'m WorkRequestRecord> {
    moment.world.work_requests.get(id).filter(|request| request.ended.is_none())
}

/// What is done already stays done.
pub(super) fn cancel_of_objects(call: &Call<'_>) -> Result<Effect, Refusal> {
    let work_request = named(call, WorkService::Objects)?;
    if work_request.ended.is_some() {
        return Err(Refusal::conflict("The work request has ended."));
    }
    Ok(Effect::empty(StatusCode::ACCEPTED).change(work_request.canceled(call.now)))
}

pub(super) fn log(call: &Call<'_>) -> Result<Effect, Refusal> {
    Effect::json(&named(call, WorkService::General)?.log)
}

#[cfg(test)]
mod tests;
