//! Identity: the tenancy, its regions, its compartments. The caller picks the region to ask: any of the realm
//! can answer, so that a lost one is not needed.

use keyferry_core::model::Compartment;
use keyferry_ids::{CompartmentId, Region};
use keyferry_wire::identity::{
    self, CreateCompartmentDetails, RegionSubscription, SubscriptionStatus, Tenancy,
};
use keyferry_wire::{Json, ops};

use super::optional;
use crate::client::{Call, Client, Place, Reply};
use crate::convert;
use crate::error::{Error, shown};

/// A region that the tenancy may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// The region.
    pub region: Region,
    /// False while the subscription is being set up.
    pub is_ready: bool,
    /// Identity changes are made here.
    pub is_home: bool,
}

/// All regions that the tenancy may use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subscriptions {
    /// Those in our table.
    pub known: Vec<Subscription>,
    /// Names of the others.
    pub unknown: Vec<String>,
}

/// OCI has six levels below the root.
const DEEPEST: usize = 32;

impl Client {
    async fn tenancy(&self, region: Region) -> Result<Reply<Json<Tenancy>>, Error> {
        let names = [self.tenancy_id().as_str()];
        self.call::<ops::GetTenancy>(Call { names: &names, ..Call::new(Place::Region(region), &()) }).await
    }

    /// The tenancy's home region.
    ///
    /// # Errors
    /// If the tenancy can't be read or names a region that is not known.
    pub async fn home_region(&self, region: Region) -> Result<Region, Error> {
        let reply = self.tenancy(region).await?;
        Region::parse(&reply.body.0.home_region_key)
            .map_err(|error| convert::unusable(&reply.site, "homeRegionKey", &error.to_string()))
    }

    /// The regions that the tenancy is subscribed to.
    ///
    /// # Errors
    /// If they can't be read.
    pub async fn region_subscriptions(&self, region: Region) -> Result<Subscriptions, Error> {
        let names = [self.tenancy_id().as_str()];
        let place = Place::Region(region);
        let listed =
            self.pages::<ops::ListRegionSubscriptions, RegionSubscription>(place, &names, &[]).await?;
        let mut subscriptions = Subscriptions::default();
        for item in listed.items {
            let (is_ready, is_home) = (item.status == SubscriptionStatus::Ready, item.is_home_region);
            match Region::parse(&item.region_name) {
                Ok(region) => subscriptions.known.push(Subscription { region, is_ready, is_home }),
                Err(_) => subscriptions.unknown.push(shown(&item.region_name)),
            }
        }
        Ok(subscriptions)
    }

    /// All compartments of the tenancy with their paths, the root first.
    ///
    /// # Errors
    /// If the tenancy or the list can't be read.
    pub async fn compartments(&self, region: Region) -> Result<Vec<Compartment>, Error> {
        let tenancy = self.tenancy(region).await?.body.0;
        // The root is not in the list. Without ANY, parents that we may not see are missing.
        let query = [
            ("compartmentId", self.tenancy_id().to_string()),
            ("accessLevel", "ANY".to_owned()),
            ("compartmentIdInSubtree", "true".to_owned()),
        ];
        let place = Place::Region(region);
        let listed = self.pages::<ops::ListCompartments, identity::Compartment>(place, &[], &query).await?;
        let below = listed.items.iter().map(|item| convert::compartment(&listed.site, item));
        Ok(convert::tree(self.tenancy_id(), tenancy.name, below.collect::<Result<_, _>>()?))
    }

    /// One compartment with its path; none if it is absent or hidden from us. Ancestors that are hidden show
    /// as `…`.
    ///
    /// # Errors
    /// If the service does not say.
    pub async fn compartment(
        &self,
        region: Region,
        id: &CompartmentId,
    ) -> Result<Option<Compartment>, Error> {
        let Some(mut compartment) = self.single(region, id).await? else { return Ok(None) };
        let mut above = compartment.parent_id.clone();
        let mut names = vec![compartment.name.clone()];
        while let Some(parent) = above.filter(|parent| parent.kind() != "tenancy") {
            match self.single(region, &parent).await? {
                Some(found) if names.len() < DEEPEST => {
                    names.push(found.name);
                    above = found.parent_id;
                }
                _ => {
                    names.push("…".to_owned());
                    break;
                }
            }
        }
        if compartment.parent_id.is_some() {
            names.reverse();
            compartment.path = format!("/{}", names.join("/"));
        }
        Ok(Some(compartment))
    }

    async fn single(&self, region: Region, id: &CompartmentId) -> Result<Option<Compartment>, Error> {
        let call = Call { names: &[id.as_str()], ..Call::new(Place::Region(region), &()) };
        let Some(reply) = optional(self.call::<ops::GetCompartment>(call).await)? else { return Ok(None) };
        convert::compartment(&reply.site, &reply.body.0).map(Some)
    }

    /// Creates a compartment; the home region only takes this.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn create_compartment(
        &self,
        home: Region,
        parent: &CompartmentId,
        name: &str,
        description: &str,
        retry_token: Option<&str>,
    ) -> Result<CompartmentId, Error> {
        let body = Json(CreateCompartmentDetails {
            compartment_id: parent.to_string(),
            name: name.to_owned(),
            description: description.to_owned(),
            freeform_tags: None,
            defined_tags: None,
        });
        let call = Call { subject: Some(name), retry_token, ..Call::new(Place::Region(home), &body) };
        let reply = self.call::<ops::CreateCompartment>(call).await?;
        convert::id(&reply.site, "id", &reply.body.0.id)
    }
}
