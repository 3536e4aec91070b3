<#import "template.ftl" as layout>
<@layout.registrationLayout displayInfo=false; section>
  <#if section == "header">
    ${msg("loginChooseAuthenticator")}
  <#elseif section == "form">
    <form id="kc-select-credential-form" class="${properties.kcFormClass!}" action="${url.loginAction}" method="post">
      <#list auth.authenticationSelections as way>
      <button type="submit" name="authenticationExecution" value="${way.authExecId}" class="gh-way">
        <strong>${msg(way.displayName)}</strong>
        <span>${msg(way.helpText)}</span>
      </button>
      </#list>
    </form>
  </#if>
</@layout.registrationLayout>
