// Private to the room: what is asked of a server about artifacts. Operations and variables are named as the
// SDK names them; what is selected is what is read here.
#pragma once

#include <string>
#include <string_view>

namespace treadle::client {

// Fields of Artifact, ArtifactCollectionMembership, ArtifactCollection and a registry's Project.
#define TREADLE_ARTIFACT                                                               \
  "id versionIndex digest description metadata size fileCount createdAt updatedAt "    \
  "ttlDurationSeconds ttlIsInherited historyStep state tags{name} artifactType{name} " \
  "artifactSequence{id name project{name entity{name}}} "                              \
  "aliases{alias artifactCollection{__typename name project{name entity{name}}}} "     \
  "createdBy{__typename ... on Run{name}}"
#define TREADLE_COLLECTION_INFO "__typename id name project{name entity{name}}"
#define TREADLE_MEMBERSHIP                                                               \
  "id versionIndex createdAt aliases{alias} artifactCollection{" TREADLE_COLLECTION_INFO \
  "} artifact{" TREADLE_ARTIFACT "}"
#define TREADLE_COLLECTION                                                         \
  "__typename id name description createdAt updatedAt project{name entity{name}} " \
  "type:defaultArtifactType{name} tags{edges{node{name}}}"
#define TREADLE_REGISTRY                                         \
  "id name description createdAt updatedAt access entity{name} " \
  "allowAllArtifactTypes:allowAllArtifactTypesInRegistry "       \
  "artifactTypes(includeAll:true){edges{node{name}}}"
#define TREADLE_PAGE "pageInfo{endCursor hasNextPage}"

inline constexpr std::string_view kArtifactMembershipByName =
    "query ArtifactMembershipByName($entity:String!,$project:String!,$name:String!){"
    "project(name:$project,entityName:$entity){artifactCollectionMembership(name:$name)"
    "{" TREADLE_MEMBERSHIP "}}}";
inline constexpr std::string_view kArtifactById =
    "query ArtifactByID($id:ID!){artifact(id:$id){" TREADLE_ARTIFACT "}}";
inline constexpr std::string_view kFetchArtifactManifest =
    "query FetchArtifactManifest($id:ID!){artifact(id:$id){currentManifest{file{directUrl}}}}";
inline constexpr std::string_view kArtifactMembershipFiles =
    "query "
    "ArtifactMembershipFiles($entity:String!,$project:String!,$collection:String!,$alias:String!,"
    "$fileNames:[String!],$cursor:String,$perPage:Int=50){project(name:$project,entityName:$entity)"
    "{"
    "artifactCollection(name:$collection){__typename artifactMembership(aliasName:$alias){"
    "files(names:$fileNames,after:$cursor,first:$perPage){" TREADLE_PAGE
    " edges{node{name:displayName directUrl}}}}}}}";
inline constexpr std::string_view kGetArtifactMembershipFileUrls =
    "query GetArtifactMembershipFileUrls($entity:String!,$project:String!,$collection:String!,"
    "$alias:String!,$cursor:String,$perPage:Int){project(name:$project,entityName:$entity){"
    "artifactCollection(name:$collection){__typename artifactMembership(aliasName:$alias){"
    "files(after:$cursor,first:$perPage){" TREADLE_PAGE " edges{node{name directUrl}}}}}}}";
inline constexpr std::string_view kFetchLinkedArtifacts =
    "query "
    "FetchLinkedArtifacts($artifactID:ID!){artifact(id:$artifactID){artifactMemberships{edges{node{"
    "versionIndex createdAt aliases{alias} artifactCollection{" TREADLE_COLLECTION_INFO "}}}}}}";
inline constexpr std::string_view kArtifactUsedBy =
    "query ArtifactUsedBy($id:ID!){artifact(id:$id){usedBy{edges{node{name}}}}}";

// Of a run, in its project.
#define TREADLE_RUN_PLACE "name project{name entityName}"
inline constexpr std::string_view kArtifactRuns =
    "query ArtifactRuns($id:ID!){artifact(id:$id){createdBy{__typename ... on "
    "Run{" TREADLE_RUN_PLACE "}} usedBy{edges{node{" TREADLE_RUN_PLACE "}}}}}";
inline constexpr std::string_view kRunOutputArtifacts =
    "query RunOutputArtifacts($entity:String!,$project:String!,$run:String!,$cursor:String,"
    "$perPage:Int){project(name:$project,entityName:$entity){run(name:$run){"
    "outputArtifacts(after:$cursor,first:$perPage){" TREADLE_PAGE " edges{node{" TREADLE_ARTIFACT
    "}}}}}}";
inline constexpr std::string_view kRunInputArtifacts =
    "query RunInputArtifacts($entity:String!,$project:String!,$run:String!,$cursor:String,"
    "$perPage:Int){project(name:$project,entityName:$entity){run(name:$run){"
    "inputArtifacts(after:$cursor,first:$perPage){" TREADLE_PAGE " edges{node{" TREADLE_ARTIFACT
    "}}}}}}";

inline constexpr std::string_view kCreateArtifact =
    "mutation CreateArtifact($input:CreateArtifactInput!){createArtifact(input:$input){"
    "artifact{id state artifactSequence{id latestArtifact{id}}}}}";
inline constexpr std::string_view kCreateArtifactManifest =
    "mutation "
    "CreateArtifactManifest($artifactID:ID!,$baseArtifactID:ID,$name:String!,$digest:String!,"
    "$entityName:String!,$projectName:String!,$runName:String!,$manifestType:ArtifactManifestType!,"
    "$includeUpload:Boolean!){createArtifactManifest(input:{artifactID:$artifactID,"
    "baseArtifactID:$baseArtifactID,name:$name,digest:$digest,entityName:$entityName,"
    "projectName:$projectName,runName:$runName,type:$manifestType}){artifactManifest{id file{id "
    "uploadUrl@include(if:$includeUpload) uploadHeaders@include(if:$includeUpload)}}}}";
inline constexpr std::string_view kUpdateArtifactManifest =
    "mutation UpdateArtifactManifest($artifactManifestID:ID!,$digest:String,$baseArtifactID:ID,"
    "$includeUpload:Boolean!){updateArtifactManifest(input:{artifactManifestID:$artifactManifestID,"
    "digest:$digest,baseArtifactID:$baseArtifactID}){artifactManifest{id file{id "
    "uploadUrl@include(if:$includeUpload) uploadHeaders@include(if:$includeUpload)}}}}";
inline constexpr std::string_view kCreateArtifactFiles =
    "mutation "
    "CreateArtifactFiles($input:CreateArtifactFilesInput!){createArtifactFiles(input:$input){"
    "files{edges{node{storagePath uploadUrl uploadHeaders uploadMultipartUrls{uploadID "
    "uploadUrlParts{"
    "partNumber uploadUrl}} artifact{id}}}}}}";
inline constexpr std::string_view kCompleteMultipartUpload =
    "mutation CompleteMultipartUploadArtifact($completeMultipartAction:CompleteMultipartAction!,"
    "$completedParts:[UploadPartsInput!]!,$artifactID:ID!,$storagePath:String!,$uploadID:String!){"
    "completeMultipartUploadArtifact(input:{completeMultipartAction:$completeMultipartAction,"
    "completedParts:$completedParts,artifactID:$artifactID,storagePath:$storagePath,"
    "uploadID:$uploadID}){digest}}";
inline constexpr std::string_view kCommitArtifact =
    "mutation CommitArtifact($artifactID:ID!){commitArtifact(input:{artifactID:$artifactID}){"
    "artifact{id digest}}}";
inline constexpr std::string_view kUseArtifact =
    "mutation UseArtifact($input:UseArtifactInput!){useArtifact(input:$input){artifact{id}}}";

inline constexpr std::string_view kAddAliases =
    "mutation AddAliases($input:AddAliasesInput!){result:addAliases(input:$input){success}}";
inline constexpr std::string_view kDeleteAliases =
    "mutation "
    "DeleteAliases($input:DeleteAliasesInput!){result:deleteAliases(input:$input){success}}";
inline constexpr std::string_view kUpdateArtifact =
    "mutation UpdateArtifact($input:UpdateArtifactInput!){result:updateArtifact(input:$input){"
    "artifact{" TREADLE_ARTIFACT "}}}";
inline constexpr std::string_view kDeleteArtifact =
    "mutation DeleteArtifact($input:DeleteArtifactInput!){result:deleteArtifact(input:$input){"
    "artifact{id}}}";
inline constexpr std::string_view kLinkArtifact =
    "mutation "
    "LinkArtifact($input:LinkArtifactInput!){result:linkArtifact(input:$input){versionIndex "
    "artifactMembership{" TREADLE_MEMBERSHIP "}}}";
inline constexpr std::string_view kUnlinkArtifact =
    "mutation "
    "UnlinkArtifact($input:UnlinkArtifactInput!){result:unlinkArtifact(input:$input){success}}";

inline constexpr std::string_view kProjectArtifactTypes =
    "query ProjectArtifactTypes($entity:String!,$project:String!,$cursor:String,$perPage:Int){"
    "project(name:$project,entityName:$entity){artifactTypes(after:$cursor,first:$perPage){"
    "edges{node{name description createdAt}} " TREADLE_PAGE "}}}";
inline constexpr std::string_view kProjectArtifactCollections =
    "query ProjectArtifactCollections($entity:String!,$project:String!,$cursor:String,$perPage:Int,"
    "$filters:JSONString){project(entityName:$entity,name:$project){artifactCollections(after:$"
    "cursor,"
    "first:$perPage,filters:$filters){" TREADLE_PAGE " edges{node{" TREADLE_COLLECTION "}}}}}";
// What of a collection tells its newest version; asked for lists only.
#define TREADLE_LATEST \
  " latest:artifactMembership(aliasName:\"latest\"){artifact{" TREADLE_ARTIFACT "}}"
// A collection has no size of its own there: those of its versions, when these are not too many.
#define TREADLE_SIZES                                                                     \
  " sizes:artifacts(first:100,filters:\"{\\\"state\\\":\\\"COMMITTED\\\"}\"){totalCount " \
  "pageInfo{hasNextPage} edges{node{size}}}"
inline constexpr std::string_view kListedArtifactCollections =
    "query ProjectArtifactCollections($entity:String!,$project:String!,$cursor:String,$perPage:Int,"
    "$filters:JSONString){project(entityName:$entity,name:$project){artifactCollections(after:$"
    "cursor,first:$perPage,filters:$filters){" TREADLE_PAGE
    " edges{node{" TREADLE_COLLECTION TREADLE_LATEST TREADLE_SIZES "}}}}}";
inline constexpr std::string_view kArtifactTypeArtifactCollections =
    "query ArtifactTypeArtifactCollections($entity:String!,$project:String!,$type:String!,"
    "$cursor:String,$perPage:Int,$filters:JSONString){project(entityName:$entity,name:$project){"
    "artifactType(name:$type){artifactCollections(after:$cursor,first:$perPage,filters:$filters)"
    "{" TREADLE_PAGE " edges{node{" TREADLE_COLLECTION TREADLE_LATEST TREADLE_SIZES "}}}}}}";
inline constexpr std::string_view kProjectArtifacts =
    "query ProjectArtifacts($entity:String!,$project:String!,$type:String!,$collection:String!,"
    "$cursor:String,$perPage:Int=50,$order:String,$filters:JSONString){"
    "project(entityName:$entity,name:$project){artifactType(name:$type){"
    "artifactCollection(name:$collection){__typename "
    "artifacts(after:$cursor,first:$perPage,order:$order,"
    "filters:$filters){" TREADLE_PAGE " edges{version node{" TREADLE_ARTIFACT "}}}}}}}";
inline constexpr std::string_view kUpdateArtifactSequence =
    "mutation UpdateArtifactSequence($input:UpdateArtifactSequenceInput!){"
    "result:updateArtifactSequence(input:$input){artifactCollection{__typename}}}";
inline constexpr std::string_view kUpdateArtifactPortfolio =
    "mutation UpdateArtifactPortfolio($input:UpdateArtifactPortfolioInput!){"
    "result:updateArtifactPortfolio(input:$input){artifactCollection{__typename}}}";
inline constexpr std::string_view kUpdateArtifactSequenceType =
    "mutation UpdateArtifactSequenceType($input:MoveArtifactSequenceInput!){"
    "result:moveArtifactSequence(input:$input){artifactCollection{__typename}}}";
inline constexpr std::string_view kDeleteArtifactSequence =
    "mutation DeleteArtifactSequence($id:ID!){result:deleteArtifactSequence(input:{"
    "artifactSequenceID:$id}){artifactCollection{__typename state}}}";
inline constexpr std::string_view kDeleteArtifactPortfolio =
    "mutation DeleteArtifactPortfolio($id:ID!){result:deleteArtifactPortfolio(input:{"
    "artifactPortfolioID:$id}){artifactCollection{__typename state}}}";
inline constexpr std::string_view kAddCollectionTags =
    "mutation AddArtifactCollectionTags($input:CreateArtifactCollectionTagAssignmentsInput!){"
    "result:createArtifactCollectionTagAssignments(input:$input){tags{name}}}";
inline constexpr std::string_view kDeleteCollectionTags =
    "mutation DeleteArtifactCollectionTags($input:DeleteArtifactCollectionTagAssignmentsInput!){"
    "result:deleteArtifactCollectionTagAssignments(input:$input){success}}";

inline constexpr std::string_view kFetchOrgInfoFromEntity =
    "query FetchOrgInfoFromEntity($entity:String!){entity(name:$entity){organization{name "
    "orgEntity{name}} user{organizations{name orgEntity{name}}}}}";
inline constexpr std::string_view kFetchOrganization =
    "query FetchOrganization($org:String!){organization(name:$org){name orgEntity{name}}}";
inline constexpr std::string_view kFetchRegistry =
    "query "
    "FetchRegistry($name:String,$entity:String){entity(name:$entity){project(name:$name)"
    "{" TREADLE_REGISTRY "}}}";
inline constexpr std::string_view kFetchRegistries =
    "query FetchRegistries($organization:String!,$filters:JSONString,$cursor:String,$perPage:Int){"
    "organization(name:$organization){orgEntity{projects(filters:$filters,after:$cursor,first:$"
    "perPage){" TREADLE_PAGE " edges{node{" TREADLE_REGISTRY "}}}}}}";
inline constexpr std::string_view kUpsertRegistry =
    "mutation UpsertRegistry($input:UpsertModelInput!){upsertModel(input:$input){inserted "
    "project{" TREADLE_REGISTRY "}}}";
inline constexpr std::string_view kRenameRegistry =
    "mutation RenameRegistry($input:RenameProjectInput!){renameProject(input:$input){inserted "
    "project{" TREADLE_REGISTRY "}}}";
inline constexpr std::string_view kDeleteRegistry =
    "mutation DeleteRegistry($id:String!){deleteModel(input:{id:$id}){success}}";

inline constexpr std::string_view kRun =
    "query "
    "Run($project:String!,$entity:String!,$name:String!){project(name:$project,entityName:$entity){"
    "run(name:$name){id name tags}}}";
inline constexpr std::string_view kUpsertBucket =
    "mutation UpsertBucket($name:String,$project:String,$entity:String,$displayName:String,"
    "$tags:[String!],$config:JSONString,$host:String,$commit:String,$repo:String){"
    "upsertBucket(input:{name:$name,modelName:$project,entityName:$entity,displayName:$displayName,"
    "tags:$tags,config:$config,host:$host,commit:$commit,jobRepo:$repo}){"
    "bucket{id name displayName project{name entity{name}}} inserted}}";

}  // namespace treadle::client
